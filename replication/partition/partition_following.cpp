// The replica as a follower: what it fetches, writes and cuts.

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "protocol/base/assert.h"
#include "replication/partition/partition_replica.h"

namespace hw::replication {
namespace {

/// Consumers ask the leader which replica to read only every few minutes (the Java client after
/// metadata.max.age.ms, 5 minutes). One that has read here is expected again for so long.
constexpr Duration kReadersStay = std::chrono::minutes(10);

wire::Refusal not_caught_up(Offset from, Offset end) {
    return {wire::ErrorCode::not_leader_or_follower,
            fmt::format("offset {} is beyond this follower's log, which ends at {}; the leader may "
                        "have it",
                        from, end)};
}

}  // namespace

std::expected<FetchPlan, wire::Refusal> PartitionReplica::plan_read(LeaderEpoch leader_epoch,
                                                                    const FetchRead& request,
                                                                    storage::ReadCursor& cursor) {
    if (following() != nullptr && request.at_any_replica) {
        HW_TRY_VOID(check_epoch(leader_epoch));
        read_here_at_ = context_.clock->now();
        if (leader_epoch == kNoLeaderEpoch && request.from > log_->log_end_offset()) {
            // By old metadata it may take this broker for the leader. Then it would believe
            // OFFSET_OUT_OF_RANGE, and go on at the start or at the end of the log.
            return std::unexpected(not_caught_up(request.from, log_->log_end_offset()));
        }
        auto plan = plan_read_at_follower(*log_, high_watermark_, request, cursor);
        if (plan) {
            plan->seen_bytes = readable_.total();
            plan->leader_epoch = epoch_;
        }
        return plan;
    }
    HW_TRY(reader, this->reader(leader_epoch));
    auto plan = reader.plan_read(request, cursor);
    if (plan) {
        plan->seen_bytes =
            request.scope == OffsetScope::whole_log ? readable_.written() : readable_.total();
        plan->leader_epoch = epoch_;
    }
    return plan;
}

wire::Refusal PartitionReplica::report_failed_read(const Error& error, Offset from) {
    if (const PartitionLeader* leader = this->leader()) {
        return PartitionReader(*log_, *leader, *context_.clock).report_failed_read(error);
    }
    if (std::holds_alternative<PartitionFollower>(role_)) {
        wire::Refusal refusal = log_->report_failed_read(error);
        if (refusal.code == wire::ErrorCode::corrupt_message) {
            refusal.code = wire::ErrorCode::kafka_storage_error;  // the leader has the records
        }
        // Otherwise the leader would send the consumer here again.
        readable_from_ = std::max(readable_from_, from + 1);
        return refusal;
    }
    return *not_leading();
}

BrokerId PartitionReplica::followed_leader() const {
    const auto* follower = std::get_if<PartitionFollower>(&role_);
    return follower == nullptr ? kNoBroker : follower->leader();
}

FollowerLog PartitionReplica::follower_log() const {
    return {.epochs = log_->epochs(),
            .log_start_offset = log_->log_start_offset(),
            .ends = log_ends(),
            .is_busy = is_busy()};
}

std::optional<FetchPosition> PartitionReplica::next_fetch(BrokerId leader) {
    const PartitionFollower* follower = following();
    if (follower == nullptr || follower->leader() != leader || fetch_under_way_) {
        return std::nullopt;
    }
    fetch_under_way_ = follower->next_fetch(follower_log(), context_.options->durability);
    if (fetch_under_way_ && read_here_at_ &&
        context_.clock->now() - *read_here_at_ < kReadersStay) {
        fetch_under_way_->shown_high_watermark = high_watermark_;
    }
    if (fetch_under_way_) {
        auto& log_start = fetch_under_way_->log_start_offset;
        log_start = std::max(log_start, readable_from_);
    }
    fetch_awaited_ = !fetch_under_way_;
    return fetch_under_way_;
}

/// Tells the host once that next_fetch has something to say again.
void PartitionReplica::ask_fetch_if_due() {
    const PartitionFollower* follower = following();
    if (fetch_awaited_ && follower != nullptr &&
        follower->next_fetch(follower_log(), context_.options->durability)) {
        fetch_awaited_ = false;
        context_.host->ask_fetch(follower->leader());
    }
}

void PartitionReplica::fetch_failed(const FetchPosition& asked) {
    if (fetch_under_way_ == asked) {
        fetch_under_way_.reset();
    }
}

std::string PartitionReplica::take_fetched(const FetchedPartition& answer,
                                           std::shared_ptr<const void> bytes) {
    PartitionFollower* follower = following();
    if (follower == nullptr || fetch_under_way_ != answer.asked) {
        return {};
    }
    fetch_under_way_.reset();
    FollowerEffects effects;
    follower->on_fetched(answer, follower_log(), effects);
    if (effects.log_start_offset) {
        log_->advance_log_start(*effects.log_start_offset);
    }
    apply(effects);
    if (effects.truncate_to || effects.restart_at) {
        return truncate(effects);
    }
    return effects.append ? write_fetched(answer, std::move(bytes)) : std::move(effects.pause);
}

std::string PartitionReplica::write_fetched(const FetchedPartition& answer,
                                            std::shared_ptr<const void> bytes) {
    const auto staged = log_->stage_from_leader(answer.records);
    if (!staged) {
        return staged.error().message;
    }
    follower_write_ = std::move(bytes);
    log_->write_staged([this, size = answer.records.size()](const Result<void>& outcome) {
        on_fetched_written(size, outcome);
    });
    return {};
}

void PartitionReplica::on_fetched_written(std::uint64_t bytes, const Result<void>& outcome) {
    follower_write_.reset();
    if (!outcome) {
        return;  // The directory goes offline, and with it this replica.
    }
    readable_.on_written(log_->log_end_offset(), bytes);
    on_log_moved();
}

void PartitionReplica::on_log_moved() {
    if (PartitionLeader* leader = leading()) {
        LeaderEffects effects;
        leader->on_log_ends(log_ends(), context_.clock->now(), effects);
        apply(effects);
    } else if (PartitionFollower* follower = following()) {
        FollowerEffects effects;
        follower->on_log_moved(follower_log(), effects);
        apply(effects);
    }
    if (!std::holds_alternative<Offline>(role_)) {
        ask_sync_if_due();
    }
    ask_fetch_if_due();
}

std::string PartitionReplica::truncate(const FollowerEffects& effects) {
    auto job = effects.truncate_to ? log_->begin_truncation(*effects.truncate_to)
                                   : log_->begin_restart_at(*effects.restart_at);
    if (!job) {
        return job.error().message;
    }
    is_truncating_ = true;
    high_watermark_ = std::min(high_watermark_, log_->log_end_offset());
    context_.host->ask_truncation(std::move(*job), effects.loses_committed);
    return {};
}

void PartitionReplica::on_truncated(storage::TruncationJob job, const Result<void>& outcome) {
    HW_ASSERT(is_truncating_);
    is_truncating_ = false;
    log_->finish_truncation(std::move(job), outcome);
    if (!outcome) {
        become_offline({wire::ErrorCode::kafka_storage_error, outcome.error().message});
        return;
    }
    readable_.on_truncated(log_->log_end_offset());
    high_watermark_ =
        std::max(std::min(high_watermark_, log_->log_end_offset()), log_->log_start_offset());
    if (const auto next = std::exchange(next_role_, std::nullopt)) {
        next->leader == context_.self ? become_leader(next->facts)
                                      : become_follower(next->facts, next->leader);
    }
    on_log_moved();
}

void PartitionReplica::apply(const FollowerEffects& effects) {
    if (effects.high_watermark) {
        high_watermark_ = *effects.high_watermark;
        readable_.on_high_watermark(high_watermark_);
        waits_.on_progress(progress());
    }
}

}  // namespace hw::replication
