#include "broker/coordinator/runtime/log_replay.h"

#include "protocol/record/batch_cursor.h"
#include "protocol/record/control_record.h"

namespace hw::broker {

Task<Result<void>> LogReplay::apply(ByteView batches) {
    record::BatchCursor cursor(batches);
    while (const auto batch = cursor.next()) {
        const auto applied = co_await apply(*batch);
        if (!applied) {
            co_return fail(applied.error().kind, "the batch at offset {}: {}", batch->base_offset(),
                           applied.error().message);
        }
    }
    co_return cursor.status();
}

Task<Result<void>> LogReplay::apply(record::BatchView batch) {
    if (batch.is_control()) {
        co_return end_transaction(batch);
    }
    Buffer decompressed;
    ByteView bytes = batch.records();
    if (const auto codec = batch.codec(); codec != record::Codec::none) {
        if (!codec) {
            co_return fail(ErrorKind::unsupported, "unknown codec {}", batch.codec_number());
        }
        auto outcome = decompressor_.decompress(*codec, bytes);
        if (!outcome) {
            co_return std::unexpected(outcome.error());
        }
        decompressed = std::move(*outcome);
        bytes = decompressed.view();
    }
    record::RecordCursor cursor(batch, bytes);
    while (const auto record = cursor.next()) {
        if (auto applied = apply(batch, *record); !applied) {
            co_return applied;
        }
        ++records_;
        if (loop_.is_over()) {
            co_await let_others_run(shard_);
        }
    }
    co_return cursor.status();
}

Result<void> LogReplay::apply(const record::BatchView& batch, const record::RecordView& record) {
    if (!record.key) {
        return {};
    }
    if (!batch.is_transactional()) {
        return machine_.apply(*record.key, record.value);
    }
    Kept& kept = open_[batch.producer_id()].emplace_back();
    kept.key = as_text(*record.key);
    if (record.value) {
        kept.value = as_text(*record.value);
    }
    return {};
}

Result<void> LogReplay::end_transaction(const record::BatchView& batch) {
    const auto ended = open_.extract(batch.producer_id());
    if (ended.empty()) {
        return {};
    }
    record::RecordCursor cursor(batch, batch.records());
    const auto marker = cursor.next();
    if (!marker || !marker->key) {
        return fail(ErrorKind::corrupt, "a control batch without a marker");
    }
    HW_TRY(type, record::parse_control_key(*marker->key));
    if (type != record::ControlType::commit) {
        return {};
    }
    for (const Kept& kept : ended.mapped()) {
        const record::NullableBytes value =
            kept.value ? record::NullableBytes(as_bytes(*kept.value)) : std::nullopt;
        HW_TRY_VOID(machine_.apply(as_bytes(kept.key), value));
    }
    return {};
}

}  // namespace hw::broker
