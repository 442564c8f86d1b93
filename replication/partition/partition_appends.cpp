// The replica as a leader: what it appends, and when an append is answered.

#include <utility>

#include <fmt/format.h>

#include "protocol/base/assert.h"
#include "replication/partition/append_refusals.h"
#include "replication/partition/partition_description.h"
#include "replication/partition/partition_replica.h"

namespace hw::replication {

using wire::ErrorCode;

std::optional<wire::Refusal> PartitionReplica::refusal(Acks acks) {
    if (auto reason = not_leading()) {
        return reason;
    }
    if (!leader()->silent_members().empty()) {
        return refused_as_perhaps_replaced(*leader());
    }
    if (acks == Acks::all && !leader()->isr_is_large_enough()) {
        return wire::Refusal{ErrorCode::not_enough_replicas,
                             too_few_in_sync(*leader()) + ": nothing was appended"};
    }
    // The limit is on the appends that are not written yet. For an append that may wait after its
    // write, the appends that already wait count too.
    const bool may_wait = acks == Acks::all || context_.options->flush_messages != kNoFlush;
    const auto is_full = [this, may_wait] {
        return pending_.size() + (may_wait ? waits_.appends() : 0) >= WaitQueue::kMaxAppends;
    };
    if (is_full()) {
        waits_.drop_ended_appends();
    }
    if (is_full()) {
        return wire::Refusal{
            ErrorCode::not_enough_replicas,
            fmt::format(
                "{} appends to the partition are waiting for the disk or for replicas, which "
                "is the limit: nothing was appended",
                WaitQueue::kMaxAppends)};
    }
    return std::nullopt;
}

void PartitionReplica::append(AppendRequest request) {
    if (is_opening_) {
        early_.add(std::move(request), context_.clock->now());
        return;
    }
    if (const auto error = refusal(request.acks)) {
        ProduceSlot::answer(std::move(request.slot), refused(*error));
        return;
    }
    const auto staged =
        log_->stage({request.batch, leader()->epoch(), request.append_time, request.received_at});
    if (!staged) {
        ProduceSlot::answer(
            std::move(request.slot),
            refused(report_unstaged(*leader(), staged.error(), context_.clock->now())));
        return;
    }
    const std::uint64_t bytes = staged->duplicate ? 0 : request.batch.size();
    push_pending({std::move(request.slot), *staged, request.acks, bytes});
}

std::expected<Offset, wire::Refusal> PartitionReplica::append_own(Buffer batch, LeaderEpoch epoch) {
    if (auto error = refusal(Acks::all)) {
        return std::unexpected(std::move(*error));
    }
    if (epoch != epoch_) {
        return std::unexpected(wire::Refusal{
            ErrorCode::not_leader_or_follower,
            fmt::format("the append is for leader epoch {}, this is {}", epoch, epoch_)});
    }
    auto owned = std::make_shared<Buffer>(std::move(batch));
    HW_TRY(staged, log_->stage({owned->bytes(), epoch, std::nullopt}));
    own_end_ = staged.last_offset + 1;
    push_pending({nullptr, staged, Acks::all, owned->view().size(), std::move(owned)});
    return staged.last_offset;
}

void PartitionReplica::push_pending(PendingAppend append) {
    pending_.push_back(std::move(append));
    if (!std::exchange(flush_asked_, true)) {
        context_.host->ask_flush();
    }
}

void PartitionReplica::flush() {
    if (!std::exchange(flush_asked_, false)) {
        return;
    }
    const std::uint64_t end = pending_begin_ + pending_.size();
    log_->write_staged([this, end](const Result<void>& outcome) { on_written(end, outcome); });
}

void PartitionReplica::on_written(std::uint64_t end, const Result<void>& outcome) {
    if (!outcome) {
        on_log_failed(outcome.error());
        return;
    }
    if (end <= pending_begin_) {
        return;
    }
    const std::size_t count = end - pending_begin_;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
        bytes += pending_[i].bytes;
    }
    readable_.on_written(log_->log_end_offset(), bytes);
    if (const auto reason = not_leading()) {
        fail_pending(count, indefinite(*reason));
        on_log_moved();
        return;
    }
    LeaderEffects effects;
    leading()->on_log_ends(log_ends(), context_.clock->now(), effects);
    apply(effects);
    for (std::size_t i = 0; i < count; ++i) {
        complete(pending_[i]);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
    pending_begin_ = end;
    ask_sync_if_due();
}

void PartitionReplica::complete(PendingAppend& append) {
    if (append.slot == nullptr) {
        return;
    }
    ProduceOutcome outcome;
    outcome.base_offset = append.appended.base_offset;
    outcome.append_time = append.appended.append_time;
    outcome.log_start_offset = log_->log_start_offset();
    const auto awaited = awaited_by(append);
    if (!awaited) {
        ProduceSlot::answer(std::move(append.slot), std::move(outcome));
        return;
    }
    if (*awaited != Awaited::durable_end && !leader()->isr_is_large_enough()) {
        // The ISR has become too small since the batch was staged.
        ProduceSlot::answer(std::move(append.slot), refused(too_few_after_append(*leader())));
        return;
    }
    waits_.add({append.slot, std::move(outcome), append.appended.last_offset + 1, *awaited});
    ProduceSlot::release(std::move(append.slot));
}

std::optional<Awaited> PartitionReplica::awaited_by(const PendingAppend& append) const {
    if (append.acks == Acks::none) {
        return std::nullopt;
    }
    const Offset end_offset = append.appended.last_offset + 1;
    const bool watermark = append.acks == Acks::all && end_offset > high_watermark_;
    const bool durable = flush_is_due(end_offset);
    if (watermark && durable) {
        return Awaited::both;
    }
    if (watermark) {
        return Awaited::high_watermark;
    }
    return durable ? std::optional(Awaited::durable_end) : std::nullopt;
}

/// True if the number of unsynced records below `end_offset` has reached flush.messages.
bool PartitionReplica::flush_is_due(Offset end_offset) const {
    const Offset durable = log_->durable_end_offset();
    return end_offset > durable && end_offset - durable >= context_.options->flush_messages;
}

void PartitionReplica::on_log_failed(const Error& error) {
    const wire::Refusal refusal =
        indefinite({ErrorCode::kafka_storage_error, "the log failed: " + error.message});
    fail_pending(pending_.size(), refusal);
    waits_.fail_appends(refusal);
    waits_.finish_fetches();
}

void PartitionReplica::fail_pending(std::size_t count, const wire::Refusal& error) {
    for (std::size_t i = 0; i < count; ++i) {
        if (pending_[i].slot != nullptr) {
            ProduceSlot::answer(std::move(pending_[i].slot), refused(error));
        }
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
    pending_begin_ += count;
}

}  // namespace hw::replication
