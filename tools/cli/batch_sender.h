#pragma once

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
};

/// What a partition has been sent so far.
struct Sent {
    std::uint64_t records = 0;
    std::optional<Offset> first_offset;  ///< none when nobody answers (acks=0)
    std::optional<Offset> last_offset;
};

/// Gathers records to batches, one open batch a partition, and sends each when it is large enough.
/// Used by one thread.
class BatchSender {
public:
    /// Of a batch before compression; a larger record travels alone. Under Kafka's limit of 1 MiB
    /// a batch whatever the codec makes of it.
    static constexpr std::size_t kBatchBytes = 256 * 1024;

    /// The client outlives the sender.
    BatchSender(client::Client& client, SendOptions options)
        : client_(&client), options_(std::move(options)) {}

    /// True when the record has completed a batch, which was sent. Errors: those of
    /// client::produce; of the batch, with the number of its records, that were then not counted.
    [[nodiscard]] Result<bool> add(PartitionIndex partition, const record::NewRecord& record);

    /// Sends what is gathered. Errors: as `add`.
    [[nodiscard]] Result<void> flush();

    [[nodiscard]] const std::map<PartitionIndex, Sent>& sent() const { return sent_; }

private:
    [[nodiscard]] Result<void> send(PartitionIndex partition, record::BatchBuilder& batch);

    client::Client* client_;
    SendOptions options_;
    record::Compressor compressor_;
    std::map<PartitionIndex, record::BatchBuilder> open_;
    std::map<PartitionIndex, Sent> sent_;
};

}  // namespace hw::cli
