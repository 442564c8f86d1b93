#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/record/batch_builder.h"
#include "tools/client/partition_io.h"

namespace hw::cli {

struct SendOptions {
    std::string topic;
    client::Acks acks = client::Acks::all;
    record::Compression compression;
    std::vector<record::HeaderView> headers;  ///< of each record; their bytes outlive the sender
};

/// A record to be sent, and the number of its line in the input.
struct LineRecord {
    std::uint64_t line = 0;
    std::optional<std::string> key;
    std::string value;
    Timestamp timestamp;

    [[nodiscard]] std::size_t size() const { return (key ? key->size() : 0) + value.size(); }
};

/// The records that were sent to one partition so far.
struct Sent {
    std::uint64_t records = 0;
    std::optional<Offset> first_offset;  ///< none with acks=0, which is not answered
    std::optional<Offset> last_offset;
};

/// Collects records in batches, one open batch per partition, and sends full batches.
/// A batch that the broker refuses as too large is sent in smaller ones; a single record that is
/// too large is skipped. Used by one thread.
class BatchSender {
public:
    /// Called for each record that is too large, with its line and the reason.
    using TooLarge = std::function<void(std::uint64_t line, const Error& error)>;

    /// Bytes before compression at which a batch is sent; a larger record is sent alone. The record
    /// that fills a batch can make it almost twice as large, which is still below Kafka's limit of
    /// 1 MiB per batch, also if the codec makes it larger.
    static constexpr std::size_t kBatchBytes = 256 * 1024;

    /// The client outlives the sender.
    BatchSender(client::Client& client, SendOptions options, TooLarge too_large);

    /// Returns true when the record completed a batch and that was sent. Errors: those of
    /// client::produce, but a batch that is too large is not one. After an error nothing can be
    /// sent.
    [[nodiscard]] Result<bool> add(PartitionIndex partition, LineRecord record);

    /// Sends all open batches. Errors: as `add`.
    [[nodiscard]] Result<void> flush();

    [[nodiscard]] const std::map<PartitionIndex, Sent>& sent() const { return sent_; }
    /// The first line that was added and neither acknowledged nor skipped.
    [[nodiscard]] std::optional<std::uint64_t> first_pending_line() const;

private:
    struct OpenBatch {
        std::deque<LineRecord> records;
        std::size_t bytes = 0;
    };

    [[nodiscard]] Result<void> send(PartitionIndex partition, OpenBatch& batch);
    /// Sends the first `count` of the records as one batch.
    [[nodiscard]] Result<void> send_first(PartitionIndex partition, const OpenBatch& batch,
                                          std::size_t count);

    client::Client* client_;
    SendOptions options_;
    TooLarge too_large_;
    std::size_t overhead_;  ///< maximum bytes of a record besides its key and value
    record::Compressor compressor_;
    std::map<PartitionIndex, OpenBatch> open_;
    std::map<PartitionIndex, Sent> sent_;
};

}  // namespace hw::cli
