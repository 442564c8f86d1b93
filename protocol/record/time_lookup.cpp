#include "protocol/record/time_lookup.h"

namespace hw::record {

Result<std::optional<TimestampedOffset>> find_by_timestamp(const BatchView& batch, Timestamp target,
                                                           Offset start, RecordScanner& scanner) {
    if (const auto started = scanner.start(batch); !started) {
        return std::unexpected(started.error());
    }
    RecordSummary record;
    while (scanner.next(record)) {
        const Offset offset = batch.base_offset() + record.offset_delta;
        if (record.timestamp >= target && offset >= start) {
            return TimestampedOffset{offset, record.timestamp};
        }
    }
    if (const auto scanned = scanner.status(); !scanned) {
        return std::unexpected(scanned.error());
    }
    return std::nullopt;
}

}  // namespace hw::record
