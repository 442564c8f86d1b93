#pragma once

#include "broker/api/controller_handler.h"
#include "protocol/schema/api/controller_registration.h"

namespace hw::broker {

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

}  // namespace hw::broker
