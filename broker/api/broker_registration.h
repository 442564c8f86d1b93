#pragma once

#include "broker/api/controller_handler.h"
#include "protocol/schema/api/broker_registration.h"

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

}  // namespace hw::broker
