#pragma once

#include <cstddef>
#include <map>
#include <string_view>

#include "broker/api/controller_handler.h"
#include "broker/net/rate_limited_log.h"
#include "broker/quorum/broker_watch.h"
#include "protocol/schema/api/allocate_producer_ids.h"
#include "protocol/schema/api/broker_heartbeat.h"
#include "protocol/schema/api/broker_registration.h"
#include "protocol/schema/api/controller_registration.h"

/// The requests that the nodes of a cluster send to their controller.
namespace hw::broker {

/// Logs why the active controller refuses registrations. A node repeats its registration until it
/// is accepted, so each process of a node is logged once with each error. Used on one shard.
class RefusedRegistrations {
public:
    RefusedRegistrations(Logger log, const Clock& clock) : log_(log, clock) {}

    /// `role` is "broker" or "controller"; `run` identifies the process.
    void note(std::string_view role, BrokerId node, IncarnationId run,
              const wire::Refusal& refusal);

private:
    struct Refused {
        IncarnationId run;
        wire::ErrorCode code;

        bool operator==(const Refused&) const = default;
    };
    /// When so many nodes are refused, all are forgotten.
    static constexpr std::size_t kMaxNodes = 100;

    std::map<BrokerId, Refused> last_;  ///< by node
    RateLimitedLog log_;
};

/// Handles BrokerRegistration: a broker joins the cluster and is fenced at first (KIP-631). Its
/// answer has no message, so the reason of a refusal is in the log only.
class BrokerRegistrationHandler final
    : public ControllerHandler<schema::BrokerRegistrationRequest,
                               controller::BrokerRegistrationResult> {
public:
    BrokerRegistrationHandler(ControllerRuntime& controller, const Logger& log, const Clock& clock)
        : ControllerHandler(controller), refused_(log, clock) {}

protected:
    void reply(Exchange& exchange, const schema::BrokerRegistrationRequest& request,
               const controller::BrokerRegistrationResult& result) const override;

private:
    mutable RefusedRegistrations refused_;
};

/// Handles BrokerHeartbeat: keeps a broker's session alive and tells the broker whether it is
/// fenced and may stop (KIP-631). Tells the watch which connection the heartbeat came on.
class BrokerHeartbeatHandler final
    : public ControllerHandler<schema::BrokerHeartbeatRequest, controller::BrokerHeartbeatResult> {
public:
    BrokerHeartbeatHandler(ControllerRuntime& controller, BrokerWatch& watch)
        : ControllerHandler(controller), watch_(watch) {}

protected:
    void reply(Exchange& exchange, const schema::BrokerHeartbeatRequest& request,
               const controller::BrokerHeartbeatResult& result) const override;

private:
    BrokerWatch& watch_;
};

/// Handles ControllerRegistration: a controller registers its listeners and features (KIP-919).
class ControllerRegistrationHandler final
    : public ControllerHandler<schema::ControllerRegistrationRequest,
                               controller::ControllerRegistrationResult> {
public:
    ControllerRegistrationHandler(ControllerRuntime& controller, const Logger& log,
                                  const Clock& clock)
        : ControllerHandler(controller), refused_(log, clock) {}

protected:
    void reply(Exchange& exchange, const schema::ControllerRegistrationRequest& request,
               const controller::ControllerRegistrationResult& result) const override;

private:
    mutable RefusedRegistrations refused_;
};

/// Handles AllocateProducerIds: gives a broker a block of producer ids (KIP-730).
class AllocateProducerIdsHandler final
    : public ControllerHandler<schema::AllocateProducerIdsRequest, controller::ProducerIdsResult> {
public:
    using ControllerHandler::ControllerHandler;

protected:
    void reply(Exchange& exchange, const schema::AllocateProducerIdsRequest& request,
               const controller::ProducerIdsResult& result) const override;
};

}  // namespace hw::broker
