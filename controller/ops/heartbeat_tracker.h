#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::controller {

/// What the active controller knows of brokers beyond the metadata log: who was heard from when.
/// A new active controller starts without it and gives every broker a full session.
///
/// Owned by the controller; reads no clock.
class HeartbeatTracker {
public:
    explicit HeartbeatTracker(Duration session_timeout) : session_timeout_(session_timeout) {}

    /// Forgets all brokers.
    void clear();

    /// Heard from `broker`, which has applied metadata up to `metadata_offset` (-1: not known).
    void touch(BrokerId broker, Offset metadata_offset, TimePoint now);
    /// The session has ended: the broker timed out, stopped or is gone.
    void end(BrokerId broker);
    /// Only an unfenced broker is fenced when its session runs out.
    void set_fenced(BrokerId broker, bool fenced);

    /// True when `broker`, fenced or not, was heard from within the session timeout.
    [[nodiscard]] bool has_session(BrokerId broker, TimePoint now) const;
    /// How long ago it was heard from; nothing without a session.
    [[nodiscard]] std::optional<Duration> silence(BrokerId broker, TimePoint now) const;
    /// The unfenced broker that is silent longest, if its session has run out.
    [[nodiscard]] std::optional<BrokerId> find_expired(TimePoint now) const;
    /// When the next session of an unfenced broker runs out.
    [[nodiscard]] TimePoint next_deadline() const;

    /// The metadata offset that `broker` has told last; -1 when none.
    [[nodiscard]] Offset metadata_offset(BrokerId broker) const;

    /// A broker in controlled shutdown may go when the others have applied `offset`, where its
    /// leaderships have moved; belongs to its session.
    void set_shutdown_offset(BrokerId broker, Offset offset);
    [[nodiscard]] Offset shutdown_offset(BrokerId broker) const;

    [[nodiscard]] Duration session_timeout() const { return session_timeout_; }

private:
    struct Session {
        TimePoint last_contact;
        Offset metadata_offset = kNoOffset;
        Offset shutdown_offset = kNoOffset;
        bool fenced = true;
    };

    using Expiry = std::pair<TimePoint, BrokerId>;

    void forget_expiry(BrokerId broker, const Session& session);

    Duration session_timeout_;
    std::map<BrokerId, Session> sessions_;
    std::set<Expiry> expiries_;  ///< last contacts of the unfenced ones
};

}  // namespace hw::controller
