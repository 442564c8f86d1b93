#pragma once

#include <optional>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "protocol/record/record_scanner.h"

namespace hw::record {

struct TimestampedOffset {
    Offset offset;
    Timestamp timestamp;

    bool operator==(const TimestampedOffset&) const = default;
};

/// Finds the first record of `batch`, in offset order, with an offset of at least `start` and a
/// timestamp of at least `target`; nullopt if there is none. With the batch's max timestamp as
/// `target`, it finds the record that ListOffsets wants for the largest timestamp. Errors:
/// unsupported, corrupt, limit.
[[nodiscard]] Result<std::optional<TimestampedOffset>> find_by_timestamp(const BatchView& batch,
                                                                         Timestamp target,
                                                                         Offset start,
                                                                         RecordScanner& scanner);

}  // namespace hw::record
