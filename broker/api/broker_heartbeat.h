#pragma once

#include "broker/api/controller_handler.h"
#include "protocol/schema/api/broker_heartbeat.h"

namespace hw::broker {

/// Handles BrokerHeartbeat: keeps a broker's session alive and tells the broker whether it is
/// fenced and may stop (KIP-631).
class BrokerHeartbeatHandler final
    : public ControllerHandler<schema::BrokerHeartbeatRequest, controller::BrokerHeartbeatResult> {
public:
    using ControllerHandler::ControllerHandler;

protected:
    void reply(Exchange& exchange, const schema::BrokerHeartbeatRequest& request,
               const controller::BrokerHeartbeatResult& result) const override;
};

}  // namespace hw::broker
