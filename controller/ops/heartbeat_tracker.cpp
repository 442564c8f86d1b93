#include "controller/ops/heartbeat_tracker.h"

namespace hw::controller {

void HeartbeatTracker::clear() {
    sessions_.clear();
    expiries_.clear();
}

void HeartbeatTracker::forget_expiry(BrokerId broker, const Session& session) {
    expiries_.erase({session.last_contact, broker});
}

void HeartbeatTracker::touch(BrokerId broker, Offset metadata_offset, TimePoint now) {
    Session& session = sessions_[broker];
    forget_expiry(broker, session);
    session.last_contact = now;
    session.metadata_offset = metadata_offset;
    if (!session.fenced) {
        expiries_.emplace(now, broker);
    }
}

void HeartbeatTracker::end(BrokerId broker) {
    const auto found = sessions_.find(broker);
    if (found != sessions_.end()) {
        forget_expiry(broker, found->second);
        sessions_.erase(found);
    }
}

void HeartbeatTracker::set_fenced(BrokerId broker, bool fenced) {
    const auto found = sessions_.find(broker);
    if (found == sessions_.end()) {
        return;
    }
    Session& session = found->second;
    session.fenced = fenced;
    if (fenced) {
        forget_expiry(broker, session);
    } else {
        expiries_.emplace(session.last_contact, broker);
    }
}

bool HeartbeatTracker::has_session(BrokerId broker, TimePoint now) const {
    const std::optional<Duration> silent = silence(broker, now);
    return silent.has_value() && *silent < session_timeout_;
}

std::optional<Duration> HeartbeatTracker::silence(BrokerId broker, TimePoint now) const {
    const auto found = sessions_.find(broker);
    return found == sessions_.end() ? std::optional<Duration>()
                                    : std::optional(now - found->second.last_contact);
}

std::optional<BrokerId> HeartbeatTracker::find_expired(TimePoint now) const {
    if (now < next_deadline()) {
        return {};
    }
    return expiries_.begin()->second;
}

TimePoint HeartbeatTracker::next_deadline() const {
    return expiries_.empty() ? kNever : expiries_.begin()->first + session_timeout_;
}

Offset HeartbeatTracker::metadata_offset(BrokerId broker) const {
    const auto found = sessions_.find(broker);
    return found == sessions_.end() ? kNoOffset : found->second.metadata_offset;
}

void HeartbeatTracker::set_shutdown_offset(BrokerId broker, Offset offset) {
    const auto found = sessions_.find(broker);
    if (found != sessions_.end()) {
        found->second.shutdown_offset = offset;
    }
}

Offset HeartbeatTracker::shutdown_offset(BrokerId broker) const {
    const auto found = sessions_.find(broker);
    return found == sessions_.end() ? kNoOffset : found->second.shutdown_offset;
}

}  // namespace hw::controller
