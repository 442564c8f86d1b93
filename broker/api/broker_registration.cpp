#include "broker/api/broker_registration.h"

namespace hw::broker {

void BrokerRegistrationHandler::reply(Exchange& exchange, const schema::BrokerRegistrationRequest&,
                                      const controller::BrokerRegistrationResult& result) const {
    exchange.reply(schema::BrokerRegistrationResponse{.error_code = result.refusal.code,
                                                      .broker_epoch = result.broker_epoch});
}

}  // namespace hw::broker
