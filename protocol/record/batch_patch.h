#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/record/batch.h"

namespace hw::record {

// In-place changes that a leader makes to a batch before it appends the batch. `batch` is one whole
// batch that parse_batch accepted.

/// Set base offset and partition leader epoch. Both are outside the CRC, which stays valid.
void set_base_offset(MutableBytes batch, Offset base_offset);
void set_leader_epoch(MutableBytes batch, LeaderEpoch epoch);

/// Sets max timestamp and timestamp type, and recomputes the CRC, which reads the whole batch.
void set_timestamps(MutableBytes batch, TimestampType type, Timestamp max_timestamp);

}  // namespace hw::record
