#include "storage/log_folder.h"

#include <algorithm>

#include <fmt/format.h>

#include "protocol/base/assert.h"
#include "storage/text_lines.h"

namespace hw::storage {
namespace {

constexpr std::size_t kOffsetDigits = 20;
constexpr std::size_t kUuidDigits = 32;
constexpr std::size_t kMaxFileName = 255;
constexpr std::string_view kDeleting = "-delete";
constexpr std::string_view kStray = "-stray";

bool is_hex(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<TopicPartition> parse_log_name(std::string_view name) {
    const std::size_t dash = name.rfind('-');
    if (dash == std::string_view::npos || dash == 0) {
        return std::nullopt;
    }
    const std::string_view digits = name.substr(dash + 1);
    const auto partition = parse_number<std::int32_t>(digits);
    if (!partition || *partition < 0 || fmt::format("{}", *partition) != digits) {
        return std::nullopt;
    }
    return TopicPartition{std::string(name.substr(0, dash)), PartitionIndex(*partition)};
}

}  // namespace

FolderName parse_folder_name(std::string_view name) {
    for (const auto& [suffix, kind] : {std::pair{kDeleting, FolderKind::deleting},
                                       std::pair{std::string_view("-future"), FolderKind::future},
                                       std::pair{kStray, FolderKind::stray}}) {
        const std::size_t tail = 1 + kUuidDigits + suffix.size();
        if (!name.ends_with(suffix) || name.size() <= tail) {
            continue;
        }
        const std::string_view uuid = name.substr(name.size() - tail).substr(0, 1 + kUuidDigits);
        if (!uuid.starts_with('.') || !is_hex(uuid.substr(1))) {
            continue;
        }
        const auto log = parse_log_name(name.substr(0, name.size() - tail));
        // A long name may have been cut before its partition.
        return {kind, log.value_or(TopicPartition{})};
    }
    const auto log = parse_log_name(name);
    return log ? FolderName{FolderKind::log, *log} : FolderName{};
}

std::string folder_name(const TopicPartition& log) {
    return fmt::format("{}", log);
}

std::string marked_folder_name(const TopicPartition& log, const Uuid& uuid, FolderKind kind) {
    HW_ASSERT(kind == FolderKind::deleting || kind == FolderKind::stray);
    const std::string tail = fmt::format(".{:016x}{:016x}{}", uuid.high, uuid.low,
                                         kind == FolderKind::deleting ? kDeleting : kStray);
    return folder_name(log).substr(0, kMaxFileName - tail.size()) + tail;
}

Result<TopicId> parse_partition_metadata(std::string_view text, std::string_view path) {
    constexpr std::string_view kTopicId = "topic_id: ";
    TextLines lines(text, path);
    if (lines.next() != "version: 0") {
        return lines.bad("expected 'version: 0'");
    }
    const std::string_view line = lines.next().value_or("");
    if (!line.starts_with(kTopicId)) {
        return lines.bad("expected 'topic_id: ' and a uuid");
    }
    const auto uuid = parse_uuid(line.substr(kTopicId.size()));
    if (!uuid || uuid->is_zero() || lines.next()) {
        return lines.bad("expected 'topic_id: ' and a uuid, and nothing else");
    }
    return TopicId(*uuid);
}

std::string format_partition_metadata(TopicId topic_id) {
    return fmt::format("version: 0\ntopic_id: {}", topic_id.value());
}

std::string file_name(Offset offset, std::string_view suffix) {
    return fmt::format("{:020}{}", offset.value(), suffix);
}

std::optional<Offset> parse_file_name(std::string_view name, std::string_view suffix) {
    if (name.size() != kOffsetDigits + suffix.size() || !name.ends_with(suffix)) {
        return std::nullopt;
    }
    const std::string_view digits = name.substr(0, kOffsetDigits);
    const auto offset = parse_number<std::int64_t>(digits);
    if (!offset || digits.front() == '-') {
        return std::nullopt;
    }
    return Offset(*offset);
}

}  // namespace hw::storage
