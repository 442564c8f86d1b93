#include "test/chaos/history_file.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace hw::chaos {
namespace {

/// The members that every operation has.
std::string start_of(std::string_view op, const Span& span, std::string_view process,
                     std::string_view kind) {
    return fmt::format(R"({{"op":"{}","process":"{}","invoke":{},"done":{},"kind":"{}")", op,
                       process, span.invoked, span.done, kind);
}

}  // namespace

Microseconds now() {
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since_boot).count();
}

Result<HistoryFile> HistoryFile::open(const std::string& path, std::string topic_id) {
    std::FILE* const file = std::fopen(path.c_str(), "a");
    if (file == nullptr) {
        return fail(ErrorKind::io, "the history {}: {}", path, std::strerror(errno));
    }
    return HistoryFile(file, std::move(topic_id));
}

HistoryFile::HistoryFile(HistoryFile&& other) noexcept
    : file_(std::exchange(other.file_, nullptr)), topic_id_(std::move(other.topic_id_)) {}

HistoryFile::~HistoryFile() {
    if (file_ != nullptr && std::fclose(file_) != 0) {
        fmt::print(stderr, "chaos_client: the history: {}\n", std::strerror(errno));
        std::_Exit(1);
    }
}

void HistoryFile::send(const Span& span, const SendLine& line) {
    std::string text =
        start_of("send", span, line.process, line.outcome == Outcome::ok ? "ok" : "info");
    text += fmt::format(R"(,"topic":"{}","partition":{},"value":"{}","acks":"all")", topic_id_,
                        line.partition, line.value);
    if (line.producer) {
        text += fmt::format(R"(,"producer":{})", *line.producer);
    }
    if (line.offset) {
        text += fmt::format(R"(,"offset":{})", *line.offset);
    }
    write(text);
}

void HistoryFile::poll(const Span& span, std::string_view process, PartitionIndex partition,
                       Offset from, const std::vector<ReadRecord>& records) {
    std::string text = start_of("poll", span, process, "ok");
    text += fmt::format(R"(,"topic":"{}","partition":{},"from":{},"records":[)", topic_id_,
                        partition, from);
    for (const ReadRecord& record : records) {
        text += fmt::format(R"([{},"{}"],)", record.offset, record.value);
    }
    if (!records.empty()) {
        text.pop_back();
    }
    write(text + ']');
}

void HistoryFile::assign(Microseconds at, std::string_view process,
                         const std::vector<Offset>& positions) {
    std::string text = start_of("assign", {.invoked = at, .done = at}, process, "ok");
    text += R"(,"positions":[)";
    for (std::size_t partition = 0; partition < positions.size(); ++partition) {
        text += fmt::format(R"({}{{"topic":"{}","partition":{},"offset":{}}})",
                            partition == 0 ? "" : ",", topic_id_, partition, positions[partition]);
    }
    write(text + ']');
}

void HistoryFile::list_latest(const Span& span, std::string_view process, PartitionIndex partition,
                              Offset offset) {
    write(start_of("list_offsets", span, process, "ok") +
          fmt::format(R"(,"topic":"{}","partition":{},"of":"latest","offset":{})", topic_id_,
                      partition, offset));
}

void HistoryFile::final_read(Microseconds at) {
    write(fmt::format(R"({{"event":"final_read","at":{})", at));
}

void HistoryFile::write(std::string_view line) {
    const std::string whole = fmt::format("{}}}\n", line);
    const std::scoped_lock lock(mutex_);
    if (std::fwrite(whole.data(), 1, whole.size(), file_) != whole.size()) {
        fmt::print(stderr, "chaos_client: the history: {}\n", std::strerror(errno));
        std::_Exit(1);
    }
}

}  // namespace hw::chaos
