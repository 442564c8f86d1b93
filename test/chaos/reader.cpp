#include "test/chaos/reader.h"

#include <algorithm>
#include <array>
#include <thread>
#include <utility>

#include <fmt/format.h>

namespace hw::chaos {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kPollWaitMs = 100;
constexpr int kRequestTimeoutMs = 2000;
constexpr int kStopTimeoutMs = 5000;
constexpr std::size_t kMaxRecords = 500;
constexpr std::int64_t kRecordsBack = 300;
constexpr milliseconds kBackInterval{3000};
constexpr milliseconds kListInterval{100};

Settings settings() {
    return {{"fetch.wait.max.ms", "100"},
            {"fetch.error.backoff.ms", "50"},
            {"auto.offset.reset", "error"},
            {"check.crcs", "true"},
            {"queued.max.messages.kbytes", "512"}};
}

/// The value of a record: what comes before the filler.
std::string value_of(const rd_kafka_message_t& message) {
    const std::string_view text(static_cast<const char*>(message.payload), message.len);
    return std::string(text.substr(0, text.find(' ')));
}

}  // namespace

Result<Reader> Reader::make(const Target& target, std::string process, HistoryFile& history) {
    Reader reader(target, std::move(process), history);
    HW_TRY(handle, make_handle(RD_KAFKA_CONSUMER, target, settings(), {}));
    reader.handle_ = std::move(handle);
    HW_TRY(topic, make_topic(reader.handle_.get(), target.topic));
    reader.topic_ = std::move(topic);
    reader.queue_ = Queue(rd_kafka_queue_new(reader.handle_.get()));
    HW_TRY_VOID(reader.start());
    return reader;
}

Result<void> Reader::start() {
    const auto count = static_cast<std::size_t>(target_.partition_count);
    positions_.assign(count, Offset(0));
    history_.assign(now(), process_, positions_);
    for (std::int32_t partition = 0; partition < target_.partition_count; ++partition) {
        if (rd_kafka_consume_start_queue(topic_.get(), partition, 0, queue_.get()) != 0) {
            return fail(ErrorKind::invalid, "reader {} cannot start: {}", process_,
                        rd_kafka_err2str(rd_kafka_last_error()));
        }
    }
    return {};
}

Reader::~Reader() {
    if (topic_ == nullptr) {
        return;
    }
    for (std::int32_t partition = 0; partition < target_.partition_count; ++partition) {
        rd_kafka_consume_stop(topic_.get(), partition);
    }
}

void Reader::follow(const std::stop_token& stop, bool goes_back) {
    const Microseconds interval = std::chrono::microseconds(kBackInterval).count();
    Microseconds due = now() + interval;
    while (!stop.stop_requested()) {
        poll();
        if (goes_back && now() >= due) {
            due = now() + interval;
            std::vector<Offset> back = positions_;
            for (Offset& offset : back) {
                offset = std::max(Offset(0), offset - kRecordsBack);
            }
            go_to(std::move(back));
        }
    }
}

Result<void> Reader::read_all(seconds timeout) {
    const Microseconds deadline = now() + std::chrono::microseconds(timeout).count();
    for (std::int32_t partition = 0; partition < target_.partition_count; ++partition) {
        std::int64_t start = 0;
        std::int64_t end = -1;
        while (rd_kafka_query_watermark_offsets(handle_.get(), target_.topic.c_str(), partition,
                                                &start, &end,
                                                kRequestTimeoutMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            if (now() > deadline) {
                return fail(ErrorKind::timed_out,
                            "{}-{} tells no latest offset within {} s after the end of all faults",
                            target_.topic, partition, timeout.count());
            }
        }
        Offset& position = positions_[static_cast<std::size_t>(partition)];
        while (position < Offset(end)) {
            poll();
            if (now() > deadline) {
                return fail(ErrorKind::timed_out,
                            "{}-{} was read up to {} of {} within {} s after the end of all faults",
                            target_.topic, partition, position, end, timeout.count());
            }
        }
        fmt::print("end {} {}\n", partition, end);
    }
    return {};
}

void Reader::poll() {
    std::array<rd_kafka_message_t*, kMaxRecords> messages{};
    const Microseconds invoked = now();
    const ssize_t count =
        rd_kafka_consume_batch_queue(queue_.get(), kPollWaitMs, messages.data(), messages.size());
    const Span span{.invoked = invoked, .done = now()};
    std::vector<std::vector<ReadRecord>> records(positions_.size());
    for (ssize_t i = 0; i < count; ++i) {
        rd_kafka_message_t* const message = messages[static_cast<std::size_t>(i)];
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            records[static_cast<std::size_t>(message->partition)].push_back(
                {Offset(message->offset), value_of(*message)});
        } else {
            on_error(*message);
        }
        rd_kafka_message_destroy(message);
    }
    for (std::size_t partition = 0; partition < records.size(); ++partition) {
        if (!records[partition].empty()) {
            write_poll(span, PartitionIndex(static_cast<std::int32_t>(partition)),
                       records[partition]);
        }
    }
}

void Reader::write_poll(const Span& span, PartitionIndex partition,
                        const std::vector<ReadRecord>& records) {
    Offset& position = positions_[static_cast<std::size_t>(partition.value())];
    history_.poll(span, process_, partition, position, records);
    position = std::max(position, records.back().offset + 1);
}

/// Other errors pass: librdkafka tells them and goes on.
void Reader::on_error(const rd_kafka_message_t& message) {
    if (message.err != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET &&
        message.err != RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        return;
    }
    fmt::print("out-of-range {} {} {} {}\n", process_, now(), message.partition,
               positions_[static_cast<std::size_t>(message.partition)]);
    // What was lost shows when everything is read again.
    std::vector<Offset> positions = positions_;
    positions[static_cast<std::size_t>(message.partition)] = Offset(0);
    go_to(std::move(positions));
}

void Reader::go_to(std::vector<Offset> positions) {
    for (std::size_t partition = 0; partition < positions.size(); ++partition) {
        if (rd_kafka_seek(topic_.get(), static_cast<std::int32_t>(partition),
                          positions[partition].value(),
                          kStopTimeoutMs) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            positions[partition] = positions_[partition];
        }
    }
    positions_ = std::move(positions);
    history_.assign(now(), process_, positions_);
}

Result<void> list_offsets(const Target& target, const std::string& process, HistoryFile& history,
                          const std::stop_token& stop) {
    HW_TRY(handle, make_handle(RD_KAFKA_CONSUMER, target, settings(), {}));
    std::int32_t partition = 0;
    while (!stop.stop_requested()) {
        std::int64_t start = 0;
        std::int64_t end = 0;
        const Microseconds invoked = now();
        if (rd_kafka_query_watermark_offsets(handle.get(), target.topic.c_str(), partition, &start,
                                             &end,
                                             kRequestTimeoutMs) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            history.list_latest({.invoked = invoked, .done = now()}, process,
                                PartitionIndex(partition), Offset(end));
        }
        partition = (partition + 1) % target.partition_count;
        std::this_thread::sleep_for(kListInterval);
    }
    return {};
}

}  // namespace hw::chaos
