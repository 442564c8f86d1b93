#include <algorithm>
#include <utility>

#include "storage/log.h"

namespace hw::storage {

using wire::ErrorCode;

namespace {

wire::Refusal being_truncated() {
    return {ErrorCode::not_leader_or_follower, "the log is being truncated"};
}

}  // namespace

LogSnapshot Log::snapshot(Offset from) const {
    LogSnapshot snapshot{
        {loaded_end_offset_, context_.options.gaps, {}}, truncations_, truncations(), nullptr};
    if (from < loaded_end_offset_) {
        snapshot.checks.epochs = epochs_;
    }
    return snapshot;
}

std::expected<ReadPlan, wire::Refusal> Log::plan_read(const ReadRequest& request,
                                                      ReadCursor& cursor) const {
    if (truncating_) {
        return std::unexpected(being_truncated());
    }
    if (request.from < log_start_offset_ || request.from > end_offset_) {
        return std::unexpected(wire::Refusal{
            ErrorCode::offset_out_of_range,
            fmt::format("offset {} is outside of the log, which has {} to {} (exclusive)",
                        request.from, log_start_offset_, end_offset_)});
    }
    ReadRequest bounded = request;
    bounded.end_offset = std::min(request.end_offset, end_offset_);
    if (bounded.from >= bounded.end_offset) {
        return ReadPlan();
    }
    const std::size_t index = segments_.index_of(bounded.from);
    const Segment& segment = segments_[index];
    const bool fits =
        cursor.file && cursor.offset == bounded.from && cursor.truncations == truncations() &&
        cursor.segment_base == segment.base_offset() && cursor.position < segment.size();
    LogSnapshot snapshot = this->snapshot(bounded.from);
    SegmentPlace place;
    if (fits) {
        place = {std::move(cursor.file),       cursor.position, cursor.batch_base,
                 segment.base_offset(),        segment.size(),  segment.end_offset(),
                 index + 1 == segments_.size()};
    } else {
        snapshot.segments = std::make_unique<const SegmentList>(segments_);
    }
    return ReadPlan(bounded, std::move(place), std::move(snapshot));
}

std::expected<RecordSearch, wire::Refusal> Log::plan_search(std::optional<Timestamp> target,
                                                            Offset start) const {
    if (truncating_) {
        return std::unexpected(being_truncated());
    }
    const Offset from = std::max(start, log_start_offset_);
    LogSnapshot snapshot = this->snapshot(from);
    snapshot.segments = std::make_unique<const SegmentList>(segments_);
    return RecordSearch(target, from, std::move(snapshot));
}

wire::Refusal Log::report_failed_read(const Error& error) const {
    if (error.kind == ErrorKind::busy) {
        return being_truncated();
    }
    log_failed_read(error);
    return {error.kind == ErrorKind::corrupt ? ErrorCode::corrupt_message
                                             : ErrorCode::kafka_storage_error,
            error.message};
}

std::expected<ReadAnswer, wire::Refusal> Log::read(const ReadRequest& request,
                                                   ReadCursor& cursor) const {
    HW_TRY(plan, plan_read(request, cursor));
    if (plan.empty()) {
        return ReadAnswer{Buffer(), request.from, {}};
    }
    auto answer = plan.run(ReadMode::blocking);
    if (!answer) {
        return std::unexpected(report_failed_read(answer.error()));
    }
    cursor = std::move(answer->cursor);
    return std::move(*answer);
}

void Log::log_failed_read(const Error& error) const {
    if (reported_.size() == kMaxReports || !reported_.insert(error.message).second) {
        return;
    }
    context_.logger.error(
        "{}: {}", error.kind == ErrorKind::corrupt ? "the log is damaged" : "cannot read the log",
        error.message);
    if (reported_.size() == kMaxReports) {
        context_.logger.error(
            "{}: {} failed reads were logged, which is the limit; later ones are not logged until "
            "the next start",
            folder_, kMaxReports);
    }
}

}  // namespace hw::storage
