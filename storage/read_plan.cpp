#include "storage/read_plan.h"

#include <utility>

#include "storage/log_reader.h"

namespace hw::storage {
namespace {

std::unexpected<Error> truncated() {
    return fail(ErrorKind::busy, "the log is being truncated");
}

}  // namespace

Result<ReadAnswer> ReadPlan::run(ReadMode mode) {
    if (mode == ReadMode::cached && request_.from < log_.checks.crc_below) {
        return would_block();
    }
    auto answer = read(mode);
    if (log_.is_void()) {
        return truncated();
    }
    return answer;
}

Result<ReadAnswer> ReadPlan::read(ReadMode mode) {
    if (!place_.file) {
        const LogReader reader(*log_.segments, log_.checks.gaps, mode);
        HW_TRY(found, reader.locate(request_.from));
        place_ = std::move(found);
    }
    const BatchReader batches(place_, log_.checks, mode);
    HW_TRY(read, batches.read(request_));
    ReadAnswer answer{std::move(read.bytes), read.next_offset, {}};
    const bool at_end = answer.next_offset >= place_.segment_end && !place_.is_last;
    if (!at_end) {
        const bool moved = answer.bytes.size() != 0;
        answer.cursor = {answer.next_offset,  moved ? answer.next_offset : place_.batch_base,
                         place_.segment_base, place_.position + answer.bytes.size(),
                         log_.truncations,    std::move(place_.file)};
    }
    return answer;
}

Result<std::optional<record::TimestampedOffset>> RecordSearch::run() const {
    const LogReader reader(*log_.segments, log_.checks.gaps, ReadMode::blocking);
    auto found = target_ ? reader.find(*target_, start_) : reader.find_latest(start_);
    if (log_.is_void()) {
        return truncated();
    }
    return found;
}

}  // namespace hw::storage
