#include "tools/cli/batch_sender.h"

#include <algorithm>

#include "tools/client/words.h"

namespace hw::cli {

BatchSender::BatchSender(client::Client& client, SendOptions options, TooLarge too_large)
    : client_(&client),
      options_(std::move(options)),
      too_large_(std::move(too_large)),
      overhead_(record::RecordLayout::kMaxHead) {
    for (const record::HeaderView& header : options_.headers) {
        overhead_ += header.key.size() + header.value.value_or(ByteView()).size();
    }
}

Result<bool> BatchSender::add(PartitionIndex partition, LineRecord record) {
    OpenBatch& batch = open_[partition];
    if (record.size() >= kBatchBytes) {
        HW_TRY_VOID(send(partition, batch));
    }
    batch.bytes += record.size() + overhead_;
    batch.records.push_back(std::move(record));
    if (batch.bytes < kBatchBytes) {
        return false;
    }
    const auto sent = send(partition, batch);
    return sent ? Result<bool>(true) : std::unexpected(sent.error());
}

Result<void> BatchSender::flush() {
    for (auto& [partition, batch] : open_) {
        HW_TRY_VOID(send(partition, batch));
    }
    return {};
}

std::optional<std::uint64_t> BatchSender::first_pending_line() const {
    std::optional<std::uint64_t> first;
    for (const auto& [partition, batch] : open_) {
        if (!batch.records.empty()) {
            const std::uint64_t line = batch.records.front().line;
            first = std::min(first.value_or(line), line);
        }
    }
    return first;
}

Result<void> BatchSender::send(PartitionIndex partition, OpenBatch& batch) {
    std::size_t count = batch.records.size();
    while (!batch.records.empty()) {
        count = std::min(count, batch.records.size());
        const auto sent = send_first(partition, batch, count);
        const bool is_too_large = !sent && sent.error().kind == ErrorKind::limit;
        if (is_too_large && count > 1) {
            count /= 2;
            continue;
        }
        if (!sent && !is_too_large) {
            return sent;
        }
        if (is_too_large) {
            const LineRecord& record = batch.records.front();
            too_large_(record.line,
                       {sent.error().kind,
                        fmt::format("line {}: a record of {} was not sent: {}", record.line,
                                    client::counted(record.size(), "byte"), sent.error().message)});
        }
        const auto end = batch.records.begin() + static_cast<std::ptrdiff_t>(count);
        batch.records.erase(batch.records.begin(), end);
        // The records after a large one may be small again.
        count *= 2;
    }
    batch.bytes = 0;
    return {};
}

Result<void> BatchSender::send_first(PartitionIndex partition, const OpenBatch& batch,
                                     std::size_t count) {
    record::BatchBuilder builder({.compression = options_.compression});
    for (std::size_t i = 0; i < count; ++i) {
        const LineRecord& record = batch.records[i];
        builder.add(
            {.key = record.key ? record::NullableBytes(as_bytes(*record.key)) : std::nullopt,
             .value = as_bytes(record.value),
             .headers = options_.headers,
             .timestamp = record.timestamp});
    }
    HW_TRY(bytes, builder.finish(compressor_));
    HW_TRY(base,
           client::produce(*client_, {options_.topic, partition}, options_.acks, bytes.view()));
    Sent& sent = sent_[partition];
    sent.records += count;
    if (base) {
        sent.first_offset = sent.first_offset.value_or(*base);
        sent.last_offset = *base + (static_cast<std::int64_t>(count) - 1);
    }
    return {};
}

}  // namespace hw::cli
