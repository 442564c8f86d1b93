#include "replication/partition/partition_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

namespace hw::replication {

using wire::ErrorCode;

OffsetQuery first_record_query(Offset start) {
    return {.spec = OffsetSpec::at_timestamp,
            .timestamp = Timestamp(std::numeric_limits<std::int64_t>::min()),
            .start = start};
}

std::optional<OffsetQuery> offset_query(std::int64_t timestamp, IsolationLevel isolation) {
    constexpr std::int64_t kLowest = -6;
    if (timestamp < kLowest) {
        return std::nullopt;
    }
    if (timestamp >= 0) {
        return OffsetQuery{OffsetSpec::at_timestamp, Timestamp(timestamp), isolation};
    }
    return OffsetQuery{static_cast<OffsetSpec>(-timestamp), kNoTimestamp, isolation};
}

namespace {

/// Sets `plan.diverging` if the reader's log differs from this one, in which its last epoch has
/// this end.
std::expected<void, wire::Refusal> compare(const storage::Log& log, const FetchRead& request,
                                           const storage::EpochEnd& end, FetchPlan& plan) {
    if (end.epoch == kNoLeaderEpoch || request.from < log.log_start_offset()) {
        return std::unexpected(wire::Refusal{
            ErrorCode::offset_out_of_range,
            fmt::format("leader epoch {} at offset {} is unknown; the log starts at {}",
                        request.last_fetched_epoch, request.from, log.log_start_offset())});
    }
    if (end.epoch < request.last_fetched_epoch || end.end_offset < request.from) {
        plan.diverging = end;
    }
    return {};
}

}  // namespace

std::expected<FetchPlan, wire::Refusal> plan_read_at_follower(const storage::Log& log,
                                                              Offset high_watermark,
                                                              const FetchRead& request,
                                                              storage::ReadCursor& cursor) {
    FetchPlan plan;
    plan.high_watermark = high_watermark;
    plan.last_stable_offset = high_watermark;
    plan.log_start_offset = log.log_start_offset();
    const bool is_beyond = request.from > log.log_end_offset();  // this log may only be behind
    if (request.last_fetched_epoch != kNoLeaderEpoch && !is_beyond) {
        HW_TRY_VOID(compare(log, request, log.end_offset_for(request.last_fetched_epoch), plan));
        if (plan.diverging) {
            return plan;
        }
    }
    HW_TRY(read,
           log.plan_read({request.from, high_watermark, request.max_bytes, request.first_batch},
                         cursor));
    plan.read = std::move(read);
    return plan;
}

Offset PartitionReader::readable_end(IsolationLevel /*isolation*/) const {
    return leader_->high_watermark();
}

Offset PartitionReader::end_of(OffsetScope scope, IsolationLevel isolation) const {
    return scope == OffsetScope::whole_log ? log_->log_end_offset() : readable_end(isolation);
}

std::expected<FetchPlan, wire::Refusal> PartitionReader::plan_read(
    const FetchRead& request, storage::ReadCursor& cursor) const {
    auto plan = plan_here(request, cursor);
    const bool is_beyond = !plan && plan.error().code == ErrorCode::offset_out_of_range &&
                           request.from > log_->log_start_offset();
    if (is_beyond && leader_->may_be_replaced(clock_->now())) {
        // A consumer that believes OFFSET_OUT_OF_RANGE goes on at the start or at the end.
        return std::unexpected(wire::Refusal{
            ErrorCode::not_leader_or_follower,
            fmt::format("{}; but {}", plan.error().message, PartitionLeader::kMayBeReplaced)});
    }
    return plan;
}

std::expected<FetchPlan, wire::Refusal> PartitionReader::plan_here(
    const FetchRead& request, storage::ReadCursor& cursor) const {
    FetchPlan plan;
    if (knows_end(request.scope)) {
        plan.high_watermark = leader_->high_watermark();
        plan.last_stable_offset = readable_end(IsolationLevel::read_committed);
    }
    plan.log_start_offset = log_->log_start_offset();
    if (request.last_fetched_epoch != kNoLeaderEpoch) {
        HW_TRY_VOID(compare(*log_, request, end_offset_for(request.last_fetched_epoch), plan));
        if (plan.diverging) {
            return plan;
        }
    }
    plan.preferred_replica = leader_->preferred_replica(request.from, request.rack);
    if (plan.preferred_replica != kNoBroker) {
        return plan;
    }
    const storage::ReadRequest bounded{request.from, end_of(request.scope, request.isolation),
                                       request.max_bytes, request.first_batch};
    HW_TRY(read, log_->plan_read(bounded, cursor));
    plan.read = std::move(read);
    return plan;
}

std::expected<OffsetPlan, wire::Refusal> PartitionReader::plan_lookup(
    const OffsetQuery& query) const {
    switch (query.spec) {
        case OffsetSpec::latest:
            if (!knows_end(query.scope)) {
                return std::unexpected(watermark_not_current());
            }
            return ListedOffset{end_of(query.scope, query.isolation), kNoTimestamp,
                                leader_->epoch()};
        case OffsetSpec::earliest:
            return listed(log_->log_start_offset());
        case OffsetSpec::earliest_local:
            return listed(std::max(log_->log_start_offset(), log_->local_log_start_offset()));
        case OffsetSpec::latest_tiered:
        case OffsetSpec::earliest_pending_upload:
            return ListedOffset();
        case OffsetSpec::at_timestamp:
        case OffsetSpec::max_timestamp:
            break;
    }
    return plan_search(query);
}

std::expected<OffsetPlan, wire::Refusal> PartitionReader::plan_search(
    const OffsetQuery& query) const {
    const std::optional<Timestamp> target =
        query.spec == OffsetSpec::at_timestamp ? std::optional(query.timestamp) : std::nullopt;
    HW_TRY(search, log_->plan_search(target, query.start));
    return OffsetSearch{std::move(search), end_of(query.scope, query.isolation),
                        knows_end(query.scope)};
}

std::expected<ListedOffset, wire::Refusal> PartitionReader::listed(
    const OffsetSearch& search, const std::optional<record::TimestampedOffset>& found) const {
    if (found && found->offset < search.end_offset) {
        ListedOffset answer = listed(found->offset);
        answer.timestamp = found->timestamp;
        return answer;
    }
    if (!search.may_find_none) {
        return std::unexpected(watermark_not_current());
    }
    return ListedOffset();
}

wire::Refusal PartitionReader::report_failed_read(const Error& error) const {
    wire::Refusal refusal = log_->report_failed_read(error);
    if (refusal.code == ErrorCode::corrupt_message && !leader_->is_isr_alone()) {
        refusal.code = ErrorCode::kafka_storage_error;
    }
    return refusal;
}

ListedOffset PartitionReader::listed(Offset offset) const {
    return {offset, kNoTimestamp, log_->epochs().epoch_at(offset).value_or(kNoLeaderEpoch)};
}

storage::EpochEnd PartitionReader::end_offset_for(LeaderEpoch epoch) const {
    const auto latest = log_->epochs().latest();
    if (epoch == leader_->epoch()) {
        return {epoch, log_->log_end_offset()};
    }
    if (epoch > leader_->epoch() || (latest && epoch <= latest->epoch)) {
        return log_->end_offset_for(epoch);
    }
    // Nothing was appended in this epoch: it is above the last epoch in the log and below the
    // current leader's.
    return {latest ? latest->epoch : epoch, leader_->epoch_start_offset()};
}

std::expected<storage::EpochEnd, wire::Refusal> PartitionReader::listed_end_of(
    LeaderEpoch epoch) const {
    if (epoch > leader_->epoch() && leader_->may_be_replaced(clock_->now())) {
        // A consumer that hears of no such epoch takes its records for lost.
        return std::unexpected(
            wire::Refusal{ErrorCode::not_leader_or_follower,
                          fmt::format("leader epoch {} is not known here; but {}", epoch,
                                      PartitionLeader::kMayBeReplaced)});
    }
    return end_offset_for(epoch);
}

wire::Refusal PartitionReader::watermark_not_current() const {
    return {ErrorCode::offset_not_available,
            fmt::format(
                "the high watermark, {}, has not yet reached the start of leader epoch {}, which "
                "is offset {}; try again",
                leader_->high_watermark(), leader_->epoch(), leader_->epoch_start_offset())};
}

}  // namespace hw::replication
