#include "protocol/record/batch_patch.h"

#include "protocol/record/crc32c.h"

namespace hw::record {

using L = BatchLayout;

void set_base_offset(MutableBytes batch, Offset base_offset) {
    store_big_endian(batch.data() + L::kBaseOffset, base_offset.value());
}

void set_leader_epoch(MutableBytes batch, LeaderEpoch epoch) {
    store_big_endian(batch.data() + L::kLeaderEpoch, epoch.value());
}

void set_timestamps(MutableBytes batch, TimestampType type, Timestamp max_timestamp) {
    const auto attributes = load_big_endian<std::int16_t>(batch.data() + L::kAttributes);
    const int bit = type == TimestampType::log_append_time ? L::kLogAppendTimeBit : 0;
    const auto patched = static_cast<std::int16_t>((attributes & ~L::kLogAppendTimeBit) | bit);
    store_big_endian(batch.data() + L::kAttributes, patched);
    store_big_endian(batch.data() + L::kMaxTimestamp, max_timestamp.value());
    store_big_endian(batch.data() + L::kCrc, crc32c(batch.subspan(L::kAttributes)));
}

}  // namespace hw::record
