#include "tools/cli/batch_sender.h"

namespace hw::cli {

Result<bool> BatchSender::add(PartitionIndex partition, const record::NewRecord& record) {
    const record::BatchOptions options{.compression = options_.compression};
    record::BatchBuilder& batch = open_.try_emplace(partition, options).first->second;
    batch.add(record);
    if (batch.uncompressed_size() < kBatchBytes) {
        return false;
    }
    const auto sent = send(partition, batch);
    return sent ? Result<bool>(true) : std::unexpected(sent.error());
}

Result<void> BatchSender::flush() {
    for (auto& [partition, batch] : open_) {
        if (batch.count() == 0) {
            continue;
        }
        if (const auto sent = send(partition, batch); !sent) {
            return sent;
        }
    }
    return {};
}

Result<void> BatchSender::send(PartitionIndex partition, record::BatchBuilder& batch) {
    const std::int32_t count = batch.count();
    const auto bytes = batch.finish(compressor_);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    const auto base =
        client::produce(*client_, {options_.topic, partition}, options_.acks, bytes->view());
    if (!base) {
        return fail(base.error().kind, "{} records for partition {}: {}", count, partition,
                    base.error().message);
    }
    Sent& sent = sent_[partition];
    sent.records += static_cast<std::uint64_t>(count);
    if (*base) {
        sent.first_offset = sent.first_offset.value_or(**base);
        sent.last_offset = **base + (count - 1);
    }
    return {};
}

}  // namespace hw::cli
