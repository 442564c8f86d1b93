#pragma once

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/record/batch.h"

namespace hw::record {

/// Changes in place that a leader makes to a batch before it appends it. `batch` is one whole
/// batch that parse_batch accepted.

/// Base offset and partition leader epoch are outside the CRC.
void set_base_offset(MutableBytes batch, Offset base_offset);
void set_leader_epoch(MutableBytes batch, LeaderEpoch epoch);

/// Max timestamp and timestamp type; the CRC is made anew over the whole batch.
void set_timestamps(MutableBytes batch, TimestampType type, Timestamp max_timestamp);

}  // namespace hw::record
