#pragma once

#include "broker/api/controller_handler.h"
#include "broker/quorum/broker_watch.h"
#include "protocol/schema/api/allocate_producer_ids.h"
#include "protocol/schema/api/broker_heartbeat.h"
#include "protocol/schema/api/broker_registration.h"
#include "protocol/schema/api/controller_registration.h"

/// The requests that the nodes of a cluster send to their controller.
namespace hw::broker {

/// Handles BrokerRegistration: a broker joins the cluster and is fenced at first (KIP-631).
class BrokerRegistrationHandler final
    : public ControllerHandler<schema::BrokerRegistrationRequest,
                               controller::BrokerRegistrationResult> {
public:
    using ControllerHandler::ControllerHandler;

protected:
    void reply(Exchange& exchange, const schema::BrokerRegistrationRequest& request,
               const controller::BrokerRegistrationResult& result) const override;
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
    using ControllerHandler::ControllerHandler;

protected:
    void reply(Exchange& exchange, const schema::ControllerRegistrationRequest& request,
               const controller::ControllerRegistrationResult& result) const override;
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
