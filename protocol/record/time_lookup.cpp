#include "protocol/record/time_lookup.h"

namespace hw::record {

Result<std::optional<TimestampedOffset>> find_by_timestamp(const BatchView& batch, Timestamp target,
                                                           Offset start, RecordScanner& scanner) {
    HW_TRY_VOID(scanner.start(batch));
    RecordSummary record;
    while (scanner.next(record)) {
        const Offset offset = batch.base_offset() + record.offset_delta;
        if (record.timestamp >= target && offset >= start) {
            return TimestampedOffset{offset, record.timestamp};
        }
    }
    HW_TRY_VOID(scanner.status());
    return std::nullopt;
}

}  // namespace hw::record
