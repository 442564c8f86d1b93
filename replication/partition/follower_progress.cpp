#include "replication/partition/follower_progress.h"

namespace hw::replication {

void FollowerProgress::begin(bool is_in_sync, TimePoint now) {
    *this = {};
    heard_at_ = now;
    if (is_in_sync) {
        caught_up_at_ = now;
    }
}

void FollowerProgress::on_fetch(const FollowerFetch& fetch, Offset leader_end,
                                const LagLimits& limits) {
    if (fetch.offset >= leader_end) {
        caught_up_at_ = fetch.at;
    } else if (fetched_at_ && fetch.offset >= leader_end_then_) {
        caught_up_at_ = fetched_at_;
    }
    acknowledged_end_ = fetch.offset;
    log_start_offset_ = fetch.log_start_offset;
    broker_epoch_ = fetch.broker_epoch;
    may_join_isr_ = fetch.may_join_isr;
    leader_end_then_ = leader_end;
    fetched_at_ = fetch.at;
    heard_at_ = fetch.at;
    measure(leader_end, limits, fetch.at);
}

void FollowerProgress::measure(Offset leader_end, const LagLimits& limits, TimePoint now) {
    const bool is_far = limits.messages_max && acknowledged_end_ != kNoOffset &&
                        leader_end - acknowledged_end_ > *limits.messages_max;
    if (!is_far) {
        far_behind_since_.reset();
    } else if (!far_behind_since_) {
        far_behind_since_ = now;
    }
}

bool FollowerProgress::is_caught_up(Offset leader_end, const LagLimits& limits,
                                    TimePoint now) const {
    return acknowledged_end_ >= leader_end ||
           (caught_up_at_ && now - *caught_up_at_ <= limits.time_max);
}

}  // namespace hw::replication
