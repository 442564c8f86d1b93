#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::replication {

/// A fetch of a follower that the leader has answered without an error or a diverging epoch.
struct FollowerFetch {
    BrokerId broker;
    BrokerEpoch broker_epoch{-1};  ///< -1: the request does not carry it (before KIP-903)
    /// All records below it are in the follower's log; in a `disk` topic they are durable there.
    Offset offset;
    Offset log_start_offset = kNoOffset;  ///< of the follower's log
    /// The broker is unfenced, is not shutting down, and is registered with this epoch (KIP-841).
    bool may_join_isr = false;
    TimePoint at;
};

/// When a follower is too slow for the ISR.
struct LagLimits {
    /// `replica.lag.time.max.ms`: how long a follower may be behind without having caught up.
    Duration time_max = std::chrono::seconds(10);
    /// `replica.lag.max.messages`: out of the ISR when more than this many records behind for
    /// kMessagesPatience, and back in when at most half as many behind. Nothing: no limit.
    std::optional<std::int64_t> messages_max;

    static constexpr Duration kMessagesPatience = std::chrono::seconds(1);
};

/// What a leader knows of one other replica, from its fetches in this leader epoch.
///
/// A follower is *caught up* at the time of a fetch that asks for the leader's log end, or at the
/// time of the fetch before if it asks for what was the log end then. So one that fetches all there
/// is stays caught up while records arrive all the time.
class FollowerProgress {
public:
    /// Forgets everything: a leader epoch begins, or another incarnation of the broker. A member of
    /// the ISR counts as caught up now.
    void begin(bool is_in_sync, TimePoint now);
    void on_fetch(const FollowerFetch& fetch, Offset leader_end, const LagLimits& limits);
    /// It is in the ISR now, and has the whole time of the limit to catch up. The ISR is joined at
    /// the high watermark, which may stand still far below the log end.
    void on_joined(TimePoint now) { caught_up_at_ = now; }
    /// The broker is fenced or stopping: until its next fetch it neither joins nor is waited for.
    void forbid_join() { may_join_isr_ = false; }
    /// Notes since when the follower is too many records behind.
    void measure(Offset leader_end, const LagLimits& limits, TimePoint now);

    /// End of the acknowledged records; -1: it has not fetched in this leader epoch (KIP-320).
    [[nodiscard]] Offset acknowledged_end() const { return acknowledged_end_; }
    /// Whether its log has the record at `offset`, or ends there.
    [[nodiscard]] bool reaches(Offset offset) const {
        return log_start_offset_ <= offset && offset <= acknowledged_end_;
    }
    [[nodiscard]] BrokerEpoch broker_epoch() const { return broker_epoch_; }
    /// Its last fetch, or else the time when this leader epoch or its broker's incarnation began.
    [[nodiscard]] TimePoint heard_at() const { return heard_at_; }
    /// Nothing: not in this leader epoch.
    [[nodiscard]] std::optional<TimePoint> caught_up_at() const { return caught_up_at_; }
    [[nodiscard]] bool may_join_isr() const { return may_join_isr_; }
    [[nodiscard]] bool is_caught_up(Offset leader_end, const LagLimits& limits,
                                    TimePoint now) const;
    /// It has not fetched for `limit` or longer, since this leader epoch began.
    [[nodiscard]] bool is_silent(TimePoint now, Duration limit) const {
        return now - heard_at_ >= limit;
    }
    /// Too many records behind, for too long.
    [[nodiscard]] bool is_far_behind(TimePoint now) const {
        return far_behind_since_ && now - *far_behind_since_ >= LagLimits::kMessagesPatience;
    }
    /// Close enough for a follower outside of the ISR to join it.
    [[nodiscard]] bool is_near(Offset leader_end, const LagLimits& limits) const {
        return !limits.messages_max || leader_end - acknowledged_end_ <= *limits.messages_max / 2;
    }

private:
    Offset acknowledged_end_ = kNoOffset;
    Offset log_start_offset_ = kNoOffset;
    BrokerEpoch broker_epoch_{-1};
    bool may_join_isr_ = false;
    Offset leader_end_then_ = kNoOffset;   ///< the leader's log end at the last fetch
    std::optional<TimePoint> fetched_at_;  ///< the last fetch
    TimePoint heard_at_{};                 ///< the last fetch, or else the begin
    std::optional<TimePoint> caught_up_at_;
    std::optional<TimePoint> far_behind_since_;
};

}  // namespace hw::replication
