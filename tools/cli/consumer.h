#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/record/decompressor.h"
#include "protocol/record/record.h"
#include "tools/client/partition_io.h"

namespace hw::cli {

/// Where reading starts: at an offset, or at the first record at or after a time; the ends of a
/// log are times too (client::kLogStart, client::kLogEnd).
using StartPosition = std::variant<Offset, Timestamp>;

/// "beginning", "end", an offset, or a time as in ISO 8601: 2026-11-23, 2026-11-23T10:30,
/// 2026-11-23T10:30:00.250, in UTC unless a zone such as +02:00 follows. Errors: invalid, with the
/// name of the option.
[[nodiscard]] Result<StartPosition> parse_start_position(std::string_view option,
                                                         std::string_view text);

/// What to do at the end of a partition.
enum class AtEnd : std::uint8_t {
    wait,  ///< for more records
    stop,  ///< at the end that the partition had when reading started
};

struct ConsumerOptions {
    static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

    std::string topic;
    StartPosition start;
    AtEnd at_end = AtEnd::wait;
    std::uint64_t most_records = kNoLimit;
};

/// Reads partitions of one topic from a start position, and passes the records to a handler, in
/// order within each partition. Skips the markers of transactions, but not the records of aborted
/// ones. Used by one thread.
class Consumer {
public:
    using Handler = std::function<void(PartitionIndex, const record::RecordView&)>;

    /// How long a broker may wait for new records before it answers.
    static constexpr client::Milliseconds kMaxWait{500};

    /// The client outlives the consumer.
    Consumer(client::Client& client, ConsumerOptions options, Handler handler)
        : client_(&client), options_(std::move(options)), handler_(std::move(handler)) {}

    /// A partition, and what a group has committed for it, if anything.
    struct Commitment {
        PartitionIndex partition;
        std::optional<Offset> committed;
    };

    /// Looks up where to start. Errors: limit (an offset outside of the log, with its offsets),
    /// those of client::offset_at.
    [[nodiscard]] Result<void> start(const std::vector<PartitionIndex>& partitions);
    /// Reads these partitions instead of those before: from the committed offset on, or the nearest
    /// one that the log has; without one, from where the options say. Errors: as `start`.
    [[nodiscard]] Result<void> resume(const std::vector<Commitment>& partitions);

    /// Whether everything that was asked for has been read.
    [[nodiscard]] bool is_done() const {
        return left() == 0 || (options_.at_end == AtEnd::stop && positions().empty());
    }

    /// Where each unfinished partition continues: after the last record given to the handler. Empty
    /// when the start failed.
    [[nodiscard]] std::vector<client::Position> positions() const;
    /// The same, with the finished partitions.
    [[nodiscard]] std::vector<client::Position> all_positions() const;

    /// Gives the records of the next fetch to the handler. Errors: those of client::fetch; corrupt.
    [[nodiscard]] Result<void> poll();

private:
    struct Part {
        client::Position position;
        Offset end_offset;  ///< where it stops with AtEnd::stop
    };

    [[nodiscard]] std::uint64_t left() const { return options_.most_records - delivered_; }
    [[nodiscard]] bool is_finished(const Part& part) const {
        return options_.at_end == AtEnd::stop && part.position.next_offset >= part.end_offset;
    }
    [[nodiscard]] Result<Part> start_of(PartitionIndex partition);
    [[nodiscard]] Result<Part> resumption_of(PartitionIndex partition, Offset committed);
    [[nodiscard]] Result<void> read_answer(const schema::FetchResponse& response);
    [[nodiscard]] Result<void> read(const schema::FetchResponse::Partition& partition);
    [[nodiscard]] Result<void> read_batch(const record::BatchView& batch, Part& part);
    /// Returns whether it has come to the end of the records; else they go beyond what is wanted.
    [[nodiscard]] bool hand_on(record::RecordCursor& records, Part& part);

    client::Client* client_;
    ConsumerOptions options_;
    Handler handler_;
    record::Decompressor decompressor_;
    std::vector<Part> parts_;
    std::uint64_t delivered_ = 0;
};

}  // namespace hw::cli
