#include "broker/api/broker_heartbeat.h"

namespace hw::broker {

void BrokerHeartbeatHandler::reply(Exchange& exchange, const schema::BrokerHeartbeatRequest&,
                                   const controller::BrokerHeartbeatResult& result) const {
    exchange.reply(schema::BrokerHeartbeatResponse{.error_code = result.refusal.code,
                                                   .is_caught_up = result.is_caught_up,
                                                   .is_fenced = result.is_fenced,
                                                   .should_shut_down = result.should_shut_down});
}

}  // namespace hw::broker
