#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::controller {

/// The sessions of the brokers with the active controller: when each broker was last heard from.
/// Not replicated: a new active controller starts every broker with a full session.
///
/// Owned by the controller; reads no clock.
class HeartbeatTracker {
public:
    explicit HeartbeatTracker(Duration session_timeout) : session_timeout_(session_timeout) {}

    /// Forgets all brokers.
    void clear();

    /// Renews the session of `broker`, or starts it. The broker has applied metadata up to
    /// `metadata_offset`; -1 means not known.
    void touch(BrokerId broker, Offset metadata_offset, TimePoint now);
    /// Ends the session: the broker timed out, stopped or is gone.
    void end(BrokerId broker);
    /// Sets whether the broker is fenced, if it has a session. Only the sessions of unfenced
    /// brokers expire. A new session starts as fenced.
    void set_fenced(BrokerId broker, bool fenced);

    /// True if `broker`, fenced or not, was heard from within the session timeout.
    [[nodiscard]] bool has_session(BrokerId broker, TimePoint now) const;
    /// Time since the broker was last heard from; nothing without a session.
    [[nodiscard]] std::optional<Duration> silence(BrokerId broker, TimePoint now) const;
    /// The unfenced broker that has been silent longest, if its session has expired.
    [[nodiscard]] std::optional<BrokerId> find_expired(TimePoint now) const;
    /// When the next session of an unfenced broker expires; kNever if there is none.
    [[nodiscard]] TimePoint next_deadline() const;

    /// The metadata offset that `broker` reported last; -1 if none.
    [[nodiscard]] Offset metadata_offset(BrokerId broker) const;

    /// Offset of the records that moved the leaderships of `broker` away, in a controlled shutdown.
    /// The broker may stop when the other brokers have applied it. Forgotten with its session.
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
    std::set<Expiry> expiries_;  ///< last contact of each unfenced broker
};

}  // namespace hw::controller
