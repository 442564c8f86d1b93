#include "broker/api/controller_registration.h"

namespace hw::broker {

void ControllerRegistrationHandler::reply(
    Exchange& exchange, const schema::ControllerRegistrationRequest&,
    const controller::ControllerRegistrationResult& result) const {
    schema::ControllerRegistrationResponse response;
    response.error_code = result.verdict.code;
    response.error_message = result.verdict.message;
    exchange.reply(response);
}

}  // namespace hw::broker
