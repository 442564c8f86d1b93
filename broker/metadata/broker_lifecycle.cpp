#include "broker/metadata/broker_lifecycle.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hw::broker {
namespace {

using wire::ErrorCode;

/// Error codes of a registration that no later attempt can overcome.
bool is_fatal(ErrorCode code) {
    return code == ErrorCode::inconsistent_cluster_id || code == ErrorCode::unsupported_version ||
           code == ErrorCode::invalid_registration || code == ErrorCode::invalid_request ||
           code == ErrorCode::cluster_authorization_failed;
}

/// Error codes that mean that the controller does not know this registration.
bool is_forgotten(ErrorCode code) {
    return code == ErrorCode::stale_broker_epoch || code == ErrorCode::broker_id_not_registered;
}

}  // namespace

void BrokerLifecycle::start(TimePoint now, LifecycleEffects& effects) {
    next_send_ = now;
    send_due(now, effects);
}

void BrokerLifecycle::send(LifecycleRequest request, TimePoint now, LifecycleEffects& effects) {
    under_way_ = request;
    sent_at_ = now;
    urgent_ = false;
    next_send_ = kNever;
    sent_ = failed_.size();
    effects.send = request;
}

void BrokerLifecycle::send_due(TimePoint now, LifecycleEffects& effects) {
    if (!over_ && under_way_ == LifecycleRequest::none && (urgent_ || now >= next_send_)) {
        send(registered() ? LifecycleRequest::heartbeat : LifecycleRequest::registration, now,
             effects);
    }
}

void BrokerLifecycle::on_registered(BrokerEpoch epoch, TimePoint now, LifecycleEffects& effects) {
    under_way_ = LifecycleRequest::none;
    epoch_ = epoch;
    extend_session();
    urgent_ = true;
    send_due(now, effects);
}

void BrokerLifecycle::on_heartbeat(const HeartbeatAnswer& answer, TimePoint now,
                                   LifecycleEffects& effects) {
    under_way_ = LifecycleRequest::none;
    was_fenced_ = answer.fenced;
    told_ = sent_;
    tell_by_ = told_ == failed_.size() ? kNever : tell_by_;
    extend_session();
    // A stopping broker sends heartbeats more often, because the controller allows the stop in a
    // heartbeat's answer.
    next_send_ = now + (stopping() ? options_.retry : options_.heartbeat_interval);
    if (answer.fenced || now >= session_end_) {
        deactivate(effects);
    } else if (!active_ && !stopping()) {
        active_ = true;
        effects.became_active = true;
    }
    if (stopping() && answer.should_shut_down) {
        allow_stop(effects);
        return;
    }
    send_due(now, effects);
}

void BrokerLifecycle::on_failure(std::optional<ErrorCode> code, TimePoint now,
                                 LifecycleEffects& effects) {
    const LifecycleRequest failed = std::exchange(under_way_, LifecycleRequest::none);
    next_send_ = now + options_.retry;
    if (code && failed == LifecycleRequest::registration && is_fatal(*code)) {
        effects.fatal = fmt::format("the controller refuses this broker for good: {}", *code);
        return;
    }
    if (code && is_forgotten(*code)) {
        deactivate(effects);
        epoch_ = BrokerEpoch(-1);
    }
    send_due(now, effects);  // if another controller has become active since
}

void BrokerLifecycle::on_applied(Offset offset, bool is_awaited, TimePoint now,
                                 LifecycleEffects& effects) {
    const bool before = caught_up();
    const bool is_new = offset > applied_;
    applied_ = std::max(applied_, offset);
    // The controller unfences a broker that has applied its fencing.
    const bool may_be_unfenced = before && is_new && std::exchange(was_fenced_, false);
    if ((!before && caught_up()) || may_be_unfenced || (active_ && is_new && is_awaited)) {
        urgent_ = true;
        send_due(now, effects);
    }
}

void BrokerLifecycle::on_controller_change(TimePoint now, LifecycleEffects& effects) {
    urgent_ = true;
    send_due(now, effects);
}

void BrokerLifecycle::on_directory_failed(DirectoryId directory, TimePoint now,
                                          LifecycleEffects& effects) {
    if (told_ == failed_.size()) {
        tell_by_ = now + options_.directory_failure_limit;
    }
    failed_.push_back(directory);
    urgent_ = true;
    send_due(now, effects);
}

void BrokerLifecycle::begin_stop(TimePoint now, LifecycleEffects& effects) {
    if (stopping()) {
        return;
    }
    stop_begun_ = now;
    if (!registered() || session_end_ == kNever) {
        allow_stop(effects);
        return;
    }
    urgent_ = true;
    send_due(now, effects);
}

void BrokerLifecycle::on_time(TimePoint now, LifecycleEffects& effects) {
    const bool has_expired = now >= session_end_;
    if (has_expired) {
        session_end_ = kNever;
        deactivate(effects);
        effects.has_expired = true;
    }
    if (stopping() && (has_expired || now - stop_begun_ >= options_.stop_limit)) {
        allow_stop(effects);
        return;
    }
    if (now >= tell_by_) {
        tell_by_ = kNever;
        effects.fatal = fmt::format(
            "the controller could not be told for {} s (log.dir.failure.timeout.ms) that a log "
            "directory has failed, so this broker might still be asked to lead the partitions "
            "there",
            std::chrono::duration_cast<std::chrono::seconds>(options_.directory_failure_limit)
                .count());
        return;
    }
    send_due(now, effects);
}

void BrokerLifecycle::deactivate(LifecycleEffects& effects) {
    if (std::exchange(active_, false)) {
        effects.became_inactive = true;
    }
}

void BrokerLifecycle::allow_stop(LifecycleEffects& effects) {
    over_ = true;
    effects.may_stop = true;
}

TimePoint BrokerLifecycle::next_deadline() const {
    if (over_) {
        return kNever;
    }
    TimePoint deadline = std::min(session_end_, tell_by_);
    if (under_way_ == LifecycleRequest::none) {
        deadline = std::min(deadline, next_send_);
    }
    if (stopping()) {
        deadline = std::min(deadline, stop_begun_ + options_.stop_limit);
    }
    return deadline;
}

}  // namespace hw::broker
