#pragma once

#include <cstdint>
#include <cstdio>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::chaos {

/// Microseconds of the machine's monotonic clock, which all processes share.
using Microseconds = std::int64_t;
[[nodiscard]] Microseconds now();

/// When an operation began and ended.
struct Span {
    Microseconds invoked;
    Microseconds done;
};

/// How a send ended. No failure is known to have had no effect: librdkafka tells only the last
/// answer, and after NOT_LEADER_OR_FOLLOWER it sends a record again even without retries.
enum class Outcome : std::uint8_t { ok, unknown };

struct SendLine {
    std::string process;
    PartitionIndex partition;
    std::string value;
    std::optional<std::int64_t> producer;  ///< its number, if it is idempotent
    Outcome outcome;
    std::optional<Offset> offset;
};

struct ReadRecord {
    Offset offset;
    std::string value;
};

/// The history of a run in the format of test/history, one line per operation. Any thread may
/// write; a line that cannot be written ends the process, because a history with a hole in it
/// would accuse the broker.
class HistoryFile {
public:
    /// Appends to the file at `path`; every operation is on the topic with this id.
    [[nodiscard]] static Result<HistoryFile> open(const std::string& path, std::string topic_id);
    HistoryFile(HistoryFile&& other) noexcept;
    HistoryFile& operator=(HistoryFile&&) = delete;
    ~HistoryFile();

    void send(const Span& span, const SendLine& line);
    void poll(const Span& span, std::string_view process, PartitionIndex partition, Offset from,
              const std::vector<ReadRecord>& records);
    /// The reader goes on at these offsets, one for each partition.
    void assign(Microseconds at, std::string_view process, const std::vector<Offset>& positions);
    void list_latest(const Span& span, std::string_view process, PartitionIndex partition,
                     Offset offset);
    /// Faults have ended: polls from now on read every partition to its end.
    void final_read(Microseconds at);

private:
    HistoryFile(std::FILE* file, std::string topic_id)
        : file_(file), topic_id_(std::move(topic_id)) {}

    void write(std::string_view line);

    std::FILE* file_;
    std::string topic_id_;
    std::mutex mutex_;  ///< keeps lines whole
};

}  // namespace hw::chaos
