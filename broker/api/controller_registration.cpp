#include "broker/api/controller_registration.h"

namespace hw::broker {

void ControllerRegistrationHandler::reply(
    Exchange& exchange, const schema::ControllerRegistrationRequest&,
    const controller::ControllerRegistrationResult& result) const {
    schema::ControllerRegistrationResponse response;
    response.error_code = result.refusal.code;
    response.error_message = result.refusal.message;
    exchange.reply(response);
}

}  // namespace hw::broker
