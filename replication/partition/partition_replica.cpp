#include "replication/partition/partition_replica.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "protocol/base/assert.h"
#include "replication/partition/append_refusals.h"
#include "replication/partition/partition_description.h"

namespace hw::replication {

using storage::SyncUrgency;
using wire::ErrorCode;

PartitionReplica::PartitionReplica(ReplicaContext context)
    : context_(std::move(context)),
      role_(Offline({ErrorCode::not_leader_or_follower, "the partition is being opened"})),
      waits_(*context_.clock) {}

LeaderRules PartitionReplica::rules() const {
    return {context_.options->durability, context_.options->min_insync_replicas, context_.lag,
            context_.options->may_elect_uncleanly};
}

LogEnds PartitionReplica::log_ends() const {
    return {log_->log_end_offset(), log_->durable_end_offset()};
}

void PartitionReplica::open(std::unique_ptr<storage::Log> log, Offset high_watermark) {
    HW_ASSERT(log_ == nullptr);
    log_ = std::move(log);
    const Offset known = std::min(high_watermark, log_->log_end_offset());
    high_watermark_ = std::max(known, log_->log_start_offset());
    if (const Offset end = log_->log_end_offset(); end > high_watermark_) {
        // A reader that waits must learn of them, too; a byte for each offset is the least.
        readable_.on_written(end, static_cast<std::uint64_t>(end - high_watermark_));
    }
}

void PartitionReplica::set_listener(std::shared_ptr<ReplicaListener> listener) {
    listener_ = std::move(listener);
}

/// True if the role has to wait for the end of a truncation.
bool PartitionReplica::postpone(const PartitionFacts& facts, BrokerId leader) {
    if (!is_truncating_) {
        return false;
    }
    if (!next_role_ || facts.leader_epoch >= next_role_->facts.leader_epoch) {
        next_role_ = {facts, leader};
    }
    leave_role({ErrorCode::not_leader_or_follower, "the log is being truncated"});
    return true;
}

void PartitionReplica::become_leader(const PartitionFacts& facts) {
    HW_ASSERT(log_ != nullptr);
    PartitionLeader* leader = leading();
    LeaderEffects effects;
    if (leader != nullptr && facts.leader_epoch == leader->epoch()) {
        const bool was_large_enough = leader->isr_is_large_enough();
        leader->on_metadata(facts, context_.clock->now(), effects);
        apply(effects);
        fail_if_isr_is_too_small(was_large_enough);
        return;
    }
    if (facts.leader_epoch < epoch_ || postpone(facts, context_.self)) {
        return;
    }
    auto early = early_.take();
    if (leader == nullptr) {
        leave_role({});
        leader = &role_.emplace<PartitionLeader>(context_.self, high_watermark_, context_.mutants);
    }
    epoch_ = facts.leader_epoch;
    leader->on_leadership({facts, rules(), log_->staged_end_offset(), log_ends()},
                          context_.clock->now(), effects);
    if (listener_ != nullptr) {
        listener_->on_led(epoch_, log_->staged_end_offset(), high_watermark_);
    }
    apply(effects);
    ask_sync_if_due();
    for (AppendRequest& request : early) {
        append(std::move(request));
    }
}

void PartitionReplica::become_follower(const PartitionFacts& facts, BrokerId leader) {
    HW_ASSERT(log_ != nullptr);
    const bool follows_already =
        following() != nullptr && following()->epoch() == facts.leader_epoch;
    if (facts.leader_epoch < epoch_ || follows_already || postpone(facts, leader)) {
        return;
    }
    leave_role({ErrorCode::not_leader_or_follower,
                fmt::format("broker {} does not lead this partition; its leader is {}",
                            context_.self, leader)});
    epoch_ = facts.leader_epoch;
    role_.emplace<PartitionFollower>(leader, epoch_, high_watermark_, context_.follower_mutants);
    fetch_awaited_ = true;
    ask_fetch_if_due();
}

/// Ends what the role has begun. Staged batches are written; their requests get their outcome then.
void PartitionReplica::leave_role(wire::Refusal reason) {
    is_opening_ = false;
    early_.refuse(reason);
    flush();
    waits_.fail_appends(indefinite(reason));
    waits_.finish_fetches();
    fetch_under_way_.reset();
    fetch_awaited_ = false;
    const bool resigns = leads() && listener_ != nullptr;
    role_ = Offline(reason);
    if (resigns) {
        listener_->on_resigned(reason);
    }
}

void PartitionReplica::become_offline(wire::Refusal reason) {
    next_role_.reset();
    leave_role(std::move(reason));
}

void PartitionReplica::on_directory_failed(const Error& reason) {
    if (log_ != nullptr) {
        log_->go_offline(reason);
    }
    become_offline(
        {ErrorCode::kafka_storage_error, "the log directory is offline: " + reason.message});
}

std::unique_ptr<storage::Log> PartitionReplica::release_log() {
    HW_ASSERT(std::holds_alternative<Offline>(role_));
    HW_ASSERT(!is_busy());
    return std::move(log_);
}

storage::Log* PartitionReplica::closing_log() {
    HW_ASSERT(std::holds_alternative<Offline>(role_));
    HW_ASSERT(!is_busy());
    return log_.get();
}

void PartitionReplica::set_options(std::shared_ptr<const PartitionOptions> options) {
    context_.options = std::move(options);
    if (PartitionLeader* leader = leading()) {
        const bool was_large_enough = leader->isr_is_large_enough();
        LeaderEffects effects;
        leader->on_rules(rules(), context_.clock->now(), effects);
        apply(effects);
        fail_if_isr_is_too_small(was_large_enough);
    }
    ask_fetch_if_due();
}

std::optional<wire::Refusal> PartitionReplica::not_leading() const {
    if (leads()) {
        return std::nullopt;
    }
    if (const auto* offline = std::get_if<Offline>(&role_)) {
        return offline->reason;
    }
    return wire::Refusal{ErrorCode::not_leader_or_follower,
                         fmt::format("broker {} does not lead this partition; its leader is {}",
                                     context_.self, followed_leader())};
}

std::optional<storage::SyncJob> PartitionReplica::begin_sync() {
    sync_asked_.reset();
    return log_ == nullptr ? std::nullopt : log_->begin_sync();
}

void PartitionReplica::on_snapshot_written(const storage::SnapshotJob& job,
                                           const Result<void>& outcome) {
    if (log_ != nullptr) {
        log_->on_snapshot_written(job, outcome);
    }
}

bool PartitionReplica::expire_producers(Timestamp now, std::chrono::milliseconds idle) {
    return log_ != nullptr && log_->expire_producers(now, idle);
}

void PartitionReplica::on_synced(const storage::SyncTicket& ticket, const Result<void>& outcome) {
    if (log_ == nullptr) {
        return;
    }
    log_->on_synced(ticket, outcome);
    if (!outcome) {
        waits_.fail_appends(
            indefinite({ErrorCode::kafka_storage_error,
                        "the records could not be made durable: " + outcome.error().message}));
        waits_.finish_fetches();
        return;
    }
    on_log_moved();
}

void PartitionReplica::apply(const LeaderEffects& effects) {
    if (effects.high_watermark) {
        high_watermark_ = *effects.high_watermark;
        readable_.on_high_watermark(high_watermark_);
    }
    waits_.on_progress(progress());
    if (effects.high_watermark && listener_ != nullptr) {
        listener_->on_high_watermark(high_watermark_);
    }
    if (effects.proposal) {
        context_.host->ask_isr(*effects.proposal);
    }
}

PartitionProgress PartitionReplica::progress() const {
    return {.high_watermark = high_watermark_,
            .durable_end_offset = log_->durable_end_offset(),
            .readable_bytes = readable_.total(),
            .written_bytes = readable_.written()};
}

void PartitionReplica::on_isr_answer(const IsrAnswer& answer) {
    if (PartitionLeader* leader = leading()) {
        const bool was_large_enough = leader->isr_is_large_enough();
        LeaderEffects effects;
        leader->on_isr_answer(answer, context_.clock->now(), effects);
        apply(effects);
        fail_if_isr_is_too_small(was_large_enough);
    }
}

void PartitionReplica::check_isr(const ClusterView& view) {
    if (PartitionLeader* leader = leading()) {
        LeaderEffects effects;
        leader->on_time(view, context_.clock->now(), effects);
        apply(effects);
        if (!leader->silent_members().empty()) {
            waits_.fail_appends_below_watermark(
                refused_as_perhaps_replaced(*leader, "; the records may or may not be in the log"));
        }
    }
}

/// The watermark stands still now, perhaps for long, so the appends that wait for it are answered.
void PartitionReplica::fail_if_isr_is_too_small(bool was_large_enough) {
    if (was_large_enough && !leader()->isr_is_large_enough()) {
        waits_.fail_appends_below_watermark(too_few_after_append(*leader()));
    }
}

void PartitionReplica::ask_sync_if_due() {
    if (log_->unsynced_bytes() == 0) {
        return;
    }
    // Whom a follower's sync holds up is its leader's business: it always counts as waited for.
    const bool someone_waits = waits_.appends_await_durable() ||
                               flush_is_due(log_->log_end_offset()) ||
                               (context_.options->durability == Durability::disk &&
                                (waits_.anyone_awaits_watermark() || following() != nullptr ||
                                 own_end_ > high_watermark_));
    const SyncUrgency urgency = someone_waits ? SyncUrgency::waited_for : SyncUrgency::background;
    if (!sync_asked_ || *sync_asked_ < urgency) {
        sync_asked_ = urgency;
        context_.host->ask_sync(urgency, log_->unsynced_bytes());
    }
}

std::expected<PartitionReader, wire::Refusal> PartitionReplica::reader(
    LeaderEpoch leader_epoch) const {
    if (auto reason = not_leading()) {
        return std::unexpected(std::move(*reason));
    }
    HW_TRY_VOID(check_epoch(leader_epoch));
    return PartitionReader(*log_, *leader(), *context_.clock);
}

std::expected<void, wire::Refusal> PartitionReplica::check_epoch(LeaderEpoch asked) const {
    if (asked == kNoLeaderEpoch || asked == epoch_) {
        return {};
    }
    const bool older = asked < epoch_;
    return std::unexpected(
        wire::Refusal{older ? ErrorCode::fenced_leader_epoch : ErrorCode::unknown_leader_epoch,
                      fmt::format("the request has leader epoch {}, this broker {} in epoch {}: {}",
                                  asked, leads() ? "leads" : "follows", epoch_,
                                  older ? "fetch new metadata"
                                        : "it does not know the newer epoch yet, try again")});
}

std::expected<FetchPlan, wire::Refusal> PartitionReplica::plan_follower_read(
    const FollowerFetch& fetch, LeaderEpoch leader_epoch, const FetchRead& request,
    storage::ReadCursor& cursor) {
    if (auto reason = not_leading()) {
        return std::unexpected(std::move(*reason));
    }
    HW_TRY_VOID(leader()->check_follower(fetch.broker, fetch.broker_epoch));
    auto plan = plan_read(leader_epoch, request, cursor);
    if (plan && !plan->diverging) {
        LeaderEffects effects;
        leading()->on_fetch(fetch, effects);
        apply(effects);
        plan->high_watermark = high_watermark_;
    }
    return plan;
}

void PartitionReplica::watch(const FetchWatch& watch) {
    const bool has_role = !std::holds_alternative<Offline>(role_);
    if (!has_role || watch.leader_epoch != epoch_ || !waits_.add(watch, progress())) {
        DelayedFetch::finish(watch.wait);
        return;
    }
    ask_sync_if_due();
}

}  // namespace hw::replication
