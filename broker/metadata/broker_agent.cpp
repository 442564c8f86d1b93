#include "broker/metadata/broker_agent.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include "protocol/schema/api/broker_heartbeat.h"
#include "protocol/schema/api/broker_registration.h"

namespace hw::broker {

using schema::BrokerHeartbeatRequest;
using schema::BrokerHeartbeatResponse;
using schema::BrokerRegistrationRequest;
using schema::BrokerRegistrationResponse;
using wire::ErrorCode;

namespace {

constexpr ApiVersion kRegistrationVersion{4};
constexpr ApiVersion kHeartbeatVersion{1};
constexpr std::string_view kRegistration = "registration";

std::vector<BrokerRegistrationRequest::Listener> listeners_of(const BrokerFacts& facts) {
    std::vector<BrokerRegistrationRequest::Listener> listeners;
    for (const auto& [name, endpoint] : facts.endpoints) {
        listeners.push_back({.name = name,
                             .host = endpoint.address.host,
                             .port = endpoint.address.port,
                             .security_protocol = endpoint.security_protocol});
    }
    return listeners;
}

std::vector<BrokerRegistrationRequest::Feature> features_of(const BrokerFacts& facts) {
    std::vector<BrokerRegistrationRequest::Feature> features;
    for (const auto& [name, range] : facts.features) {
        features.push_back({.name = name,
                            .min_supported_version = range.low,
                            .max_supported_version = range.high});
    }
    return features;
}

std::int64_t to_millis(Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

BrokerAgent::BrokerAgent(const Ports& ports, LifecycleOptions options, BrokerFacts facts,
                         replication::PeerClient& controller, BrokerAgentListener& listener)
    : shard_(ports.shard),
      clock_(ports.clock),
      log_(ports.log),
      options_(options),
      facts_(std::move(facts)),
      controller_(controller),
      listener_(listener),
      lifecycle_(options),
      tasks_(ports.shard) {}

void BrokerAgent::start() {
    LifecycleEffects effects;
    lifecycle_.start(clock_.now(), effects);
    execute(effects);
    tasks_.spawn(watch());
}

void BrokerAgent::on_applied(Offset offset, bool is_awaited) {
    LifecycleEffects effects;
    lifecycle_.on_applied(offset, is_awaited, clock_.now(), effects);
    execute(effects);
}

void BrokerAgent::on_controller_change() {
    LifecycleEffects effects;
    lifecycle_.on_controller_change(clock_.now(), effects);
    execute(effects);
}

void BrokerAgent::on_directory_failed(DirectoryId directory) {
    if (std::ranges::count(facts_.log_dirs, directory) == 0) {
        return;  // this process registers without it, and that says it all
    }
    LifecycleEffects effects;
    lifecycle_.on_directory_failed(directory, clock_.now(), effects);
    execute(effects);
}

Task<> BrokerAgent::leave() {
    LifecycleEffects effects;
    lifecycle_.begin_stop(clock_.now(), effects);
    execute(effects);
    co_await shard_.wait(may_leave_, kNever);
}

Task<> BrokerAgent::stop() {
    stopping_ = true;
    changed_.set();
    co_await tasks_.wait_idle();
}

Task<> BrokerAgent::watch() {
    while (!stopping_) {
        co_await shard_.wait(changed_, lifecycle_.next_deadline());
        if (!stopping_ && clock_.now() >= lifecycle_.next_deadline()) {
            LifecycleEffects effects;
            lifecycle_.on_time(clock_.now(), effects);
            execute(effects);
        }
    }
}

void BrokerAgent::execute(const LifecycleEffects& effects) {
    if (effects.send == LifecycleRequest::registration && !stopping_) {
        tasks_.spawn(send_registration());
    }
    if (effects.send == LifecycleRequest::heartbeat && !stopping_) {
        tasks_.spawn(send_heartbeat());
    }
    if (effects.became_active) {
        log_.info("broker {} is unfenced and serves clients, broker epoch {}", facts_.id,
                  lifecycle_.epoch());
        listener_.on_session(true);
    }
    if (effects.became_inactive) {
        if (!lifecycle_.stopping()) {
            log_session_end(effects.has_expired);
        }
        listener_.on_session(false);
    }
    if (effects.fatal) {
        listener_.on_refused(Error{ErrorKind::invalid, *effects.fatal});
    }
    if (effects.may_stop) {
        may_leave_.set();
    }
    changed_.set();
}

void BrokerAgent::log_session_end(bool has_expired) const {
    if (has_expired) {
        log_.warning(
            "broker {} has had no answer from an active controller for {} ms "
            "(broker.session.timeout.ms): it goes on serving reads, but refuses writes to "
            "partitions "
            "whose other replicas are silent, too",
            facts_.id, to_millis(options_.session_timeout));
    } else {
        log_.warning(
            "the controller has fenced broker {}, or forgotten it: others may lead its "
            "partitions until it is unfenced",
            facts_.id);
    }
}

std::string BrokerAgent::advice_for(std::string_view what, ErrorCode code) const {
    if (code != ErrorCode::duplicate_broker_registration) {
        return what == kRegistration ? ": the log of the active controller says why" : "";
    }
    return fmt::format(
        ": a process with this node.id and other log directories was heard from less than {} ms "
        "ago (broker.session.timeout.ms). If it is an earlier process of this broker, wait; if "
        "not, "
        "choose another node.id",
        to_millis(options_.session_timeout));
}

void BrokerAgent::fail(std::string_view what, std::optional<ErrorCode> code) {
    // NOT_CONTROLLER is normal while the quorum elects a leader.
    if (code && std::exchange(refused_with_, *code) != *code &&
        *code != ErrorCode::not_controller) {
        log_.warning("the controller refuses the {} of broker {}: {}{}; trying again", what,
                     facts_.id, *code, advice_for(what, *code));
    }
    LifecycleEffects effects;
    lifecycle_.on_failure(code, clock_.now(), effects);
    execute(effects);
}

std::vector<DirectoryId> BrokerAgent::online_directories() const {
    std::vector<DirectoryId> online = facts_.log_dirs;
    std::erase_if(online, [this](DirectoryId directory) {
        return std::ranges::count(lifecycle_.failed_directories(), directory) > 0;
    });
    return online;
}

Task<> BrokerAgent::send_registration() {
    const auto listeners = listeners_of(facts_);
    const auto features = features_of(facts_);
    BrokerRegistrationRequest request;
    request.broker_id = facts_.id;
    request.cluster_id = facts_.cluster_id;
    request.incarnation_id = facts_.incarnation;
    request.listeners = listeners;
    request.features = features;
    request.rack = facts_.rack.empty() ? std::string_view() : std::string_view(facts_.rack);
    const auto online = online_directories();
    request.log_dirs = online;
    request.previous_broker_epoch = facts_.previous_epoch;
    const TimePoint deadline = clock_.now() + options_.session_timeout;
    const auto answer = co_await replication::call<BrokerRegistrationResponse>(
        controller_, request, kRegistrationVersion, deadline);
    if (!answer || (*answer)->error_code != ErrorCode::none) {
        fail(kRegistration, answer ? std::optional((*answer)->error_code) : std::nullopt);
        co_return;
    }
    refused_with_ = ErrorCode::none;
    LifecycleEffects effects;
    lifecycle_.on_registered((*answer)->broker_epoch, clock_.now(), effects);
    execute(effects);
}

Task<> BrokerAgent::send_heartbeat() {
    BrokerHeartbeatRequest request;
    request.broker_id = facts_.id;
    request.broker_epoch = lifecycle_.epoch();
    request.current_metadata_offset = lifecycle_.applied();
    request.want_shut_down = lifecycle_.stopping();
    const std::vector<DirectoryId> failed = lifecycle_.failed_directories();
    request.offline_log_dirs = failed;
    // Half a session, so that another connection can still save it.
    const TimePoint deadline = clock_.now() + options_.session_timeout / 2;
    const auto answer = co_await replication::call<BrokerHeartbeatResponse>(
        controller_, request, kHeartbeatVersion, deadline);
    if (!answer || (*answer)->error_code != ErrorCode::none) {
        fail("heartbeat", answer ? std::optional((*answer)->error_code) : std::nullopt);
        co_return;
    }
    refused_with_ = ErrorCode::none;
    LifecycleEffects effects;
    lifecycle_.on_heartbeat(
        {.fenced = (*answer)->is_fenced, .should_shut_down = (*answer)->should_shut_down},
        clock_.now(), effects);
    execute(effects);
}

}  // namespace hw::broker
