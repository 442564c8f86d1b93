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

/// The first record of `batch`, in offset order, at or after `start` whose timestamp is at least
/// `target`; none if there is none. `target` = the batch's max timestamp finds the record that
/// ListOffsets wants for the largest timestamp. Errors: unsupported, corrupt, limit.
[[nodiscard]] Result<std::optional<TimestampedOffset>> find_by_timestamp(const BatchView& batch,
                                                                         Timestamp target,
                                                                         Offset start,
                                                                         RecordScanner& scanner);

}  // namespace hw::record
