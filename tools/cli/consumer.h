#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "protocol/record/decompressor.h"
#include "protocol/record/record.h"
#include "tools/cli/start_position.h"
#include "tools/client/partition_io.h"

namespace hw::cli {

enum class AtEnd : std::uint8_t {
    wait,  ///< for more records
    stop,  ///< at the end that the partition had at the start
};

struct ConsumerOptions {
    static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

    std::string topic;
    StartPosition start;
    AtEnd at_end = AtEnd::wait;
    std::uint64_t most_records = kNoLimit;
};

/// Reads partitions of one topic from a position on, and hands each record on, in the order of each
/// partition. Markers of transactions are passed over; records of aborted ones are not. Used by
/// one thread.
class Consumer {
public:
    using Handler = std::function<void(PartitionIndex, const record::RecordView&)>;

    /// How long a broker may wait for a record to come.
    static constexpr client::Milliseconds kMaxWait{500};

    /// The client outlives the consumer.
    Consumer(client::Client& client, ConsumerOptions options, Handler handler)
        : client_(&client), options_(std::move(options)), handler_(std::move(handler)) {}

    /// Looks up where to start. Errors: limit (an offset outside of a log, with what is in it),
    /// those of client::offset_at.
    [[nodiscard]] Result<void> start(const std::vector<PartitionIndex>& partitions);

    /// True once nothing is left to be read.
    [[nodiscard]] bool is_done() const { return parts_.empty() || left() == 0; }

    /// Where each partition that is not finished goes on: what was handed on ends there. Empty when
    /// the start failed.
    [[nodiscard]] std::vector<client::Position> positions() const;

    /// Hands on what the next fetch brings. Errors: those of client::fetch; corrupt.
    [[nodiscard]] Result<void> poll();

private:
    struct Part {
        client::Position position;
        Offset end_offset;  ///< where it stops with AtEnd::stop
    };

    [[nodiscard]] std::uint64_t left() const { return options_.most_records - handed_on_; }
    [[nodiscard]] Result<Part> start_of(PartitionIndex partition);
    [[nodiscard]] Result<void> read_answer(const schema::FetchResponse& response);
    [[nodiscard]] Result<void> read(const schema::FetchResponse::Partition& partition);
    [[nodiscard]] Result<void> read_batch(const record::BatchView& batch, Part& part);
    void hand_on(record::RecordCursor& records, Part& part);
    void drop_finished();

    client::Client* client_;
    ConsumerOptions options_;
    Handler handler_;
    record::Decompressor decompressor_;
    std::vector<Part> parts_;
    std::uint64_t handed_on_ = 0;
};

}  // namespace hw::cli
