#include "replication/partition/partition_follower.h"

#include <algorithm>

#include <fmt/format.h>

namespace hw::replication {

using storage::EpochEnd;
using wire::ErrorCode;

std::optional<FetchPosition> PartitionFollower::next_fetch(const FollowerLog& log,
                                                           Durability durability) const {
    const bool is_durable = durability == Durability::memory || mutants_.fetches_before_sync ||
                            log.ends.durable_end_offset >= log.ends.log_end_offset;
    if (log.is_busy || !is_durable) {
        return std::nullopt;
    }
    const auto latest = log.epochs.latest();
    return FetchPosition{.leader = leader_,
                         .leader_epoch = epoch_,
                         .offset = log.ends.log_end_offset,
                         .last_fetched_epoch = latest ? latest->epoch : kNoLeaderEpoch,
                         .log_start_offset = log.log_start_offset};
}

/// The log may have been cut and written again since an old request with the same offset. Then the
/// epoch before that offset differs.
bool PartitionFollower::is_current(const FetchPosition& asked, const FollowerLog& log) const {
    const auto latest = log.epochs.latest();
    const bool same_epoch = asked.leader == leader_ && asked.leader_epoch == epoch_;
    return same_epoch && !log.is_busy && asked.offset == log.ends.log_end_offset &&
           (asked.last_fetched_epoch == (latest ? latest->epoch : kNoLeaderEpoch) ||
            mutants_.takes_answers_of_other_log);
}

void PartitionFollower::on_fetched(const FetchedPartition& answer, const FollowerLog& log,
                                   FollowerEffects& effects) {
    if (!is_current(answer.asked, log)) {
        return;
    }
    if (answer.error == ErrorCode::offset_out_of_range && answer.log_start_offset >= Offset(0)) {
        restart(answer, log, effects);
        return;
    }
    if (answer.error != ErrorCode::none) {
        effects.pause = fmt::format("leader {} answers {}", leader_, to_string(answer.error));
        return;
    }
    if (answer.diverging) {
        if (mutants_.takes_diverging_watermark) {
            leader_high_watermark_ = answer.high_watermark;
            advance(log.log_start_offset, log.ends.log_end_offset, effects);
        }
        // The watermark of this answer may count records of the leader that differ from those here.
        cut(*answer.diverging, log, effects);
        return;
    }
    take_records(answer, log, effects);
}

void PartitionFollower::cut(const EpochEnd& diverging, const FollowerLog& log,
                            FollowerEffects& effects) {
    const Offset end = log.ends.log_end_offset;
    // The newest epoch that both may have ends at the smaller of its ends in the two logs. If this
    // log does not have that epoch, it is cut at the end of its next lower one, and asks again.
    const EpochEnd own = log.epochs.end_offset_for(diverging.epoch, end);
    Offset cut_at = diverging.end_offset;
    if (own.end_offset != kNoOffset && !mutants_.takes_end_of_other_epoch) {
        cut_at = std::min(cut_at, own.end_offset);
    }
    if (mutants_.truncates_to_watermark) {
        cut_at = high_watermark_;
    }
    if (diverging.epoch == kNoLeaderEpoch || cut_at < Offset(0) || cut_at >= end) {
        effects.pause = fmt::format(
            "leader {} says that the logs differ from offset {} of epoch {} on, but this one ends "
            "at offset {}",
            leader_, diverging.end_offset, diverging.epoch, end);
        return;
    }
    effects.truncate_to = cut_at;
    effects.loses_committed = cut_at < high_watermark_;
}

/// A leader whose log is shorter, or another one, names the place from which on they differ. So it
/// can only mean that its log begins later, unless this log is empty.
void PartitionFollower::restart(const FetchedPartition& answer, const FollowerLog& log,
                                FollowerEffects& effects) {
    const Offset end = log.ends.log_end_offset;
    const bool has_records = log.log_start_offset < end;
    if (answer.log_start_offset == end || (has_records && answer.log_start_offset < end)) {
        effects.pause = fmt::format(
            "leader {} says that offset {} is out of range, but that its log starts at {}", leader_,
            end, answer.log_start_offset);
        return;
    }
    effects.restart_at = answer.log_start_offset;
    effects.loses_committed = answer.log_start_offset < high_watermark_;
}

void PartitionFollower::take_records(const FetchedPartition& answer, const FollowerLog& log,
                                     FollowerEffects& effects) {
    leader_high_watermark_ = answer.high_watermark;
    effects.append = !answer.records.empty();
    Offset log_start = log.log_start_offset;
    if (answer.log_start_offset > log_start) {
        log_start = std::min(answer.log_start_offset, log.ends.log_end_offset);
        effects.log_start_offset = log_start;
    }
    advance(log_start, log.ends.log_end_offset, effects);
}

void PartitionFollower::on_log_moved(const FollowerLog& log, FollowerEffects& effects) {
    advance(log.log_start_offset, log.ends.log_end_offset, effects);
}

void PartitionFollower::advance(Offset log_start, Offset log_end, FollowerEffects& effects) {
    Offset next = std::max(high_watermark_, leader_high_watermark_);
    if (!mutants_.watermark_beyond_log_end) {
        next = std::min(next, log_end);
    }
    // All records below the log start were committed before they were deleted.
    next = std::max(next, log_start);
    if (next != high_watermark_) {
        high_watermark_ = next;
        effects.high_watermark = next;
    }
}

}  // namespace hw::replication
