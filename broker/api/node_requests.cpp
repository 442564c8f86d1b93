#include "broker/api/node_requests.h"

namespace hw::broker {

void BrokerRegistrationHandler::reply(Exchange& exchange, const schema::BrokerRegistrationRequest&,
                                      const controller::BrokerRegistrationResult& result) const {
    exchange.reply(schema::BrokerRegistrationResponse{.error_code = result.refusal.code,
                                                      .broker_epoch = result.broker_epoch});
}

void BrokerHeartbeatHandler::reply(Exchange& exchange,
                                   const schema::BrokerHeartbeatRequest& request,
                                   const controller::BrokerHeartbeatResult& result) const {
    std::unique_ptr<ConnectionState>* state = exchange.connection_state();
    if (result.refusal.code == wire::ErrorCode::none && state != nullptr) {
        watch_.on_heartbeat(request.broker_id, request.broker_epoch, *state);
    }
    exchange.reply(schema::BrokerHeartbeatResponse{.error_code = result.refusal.code,
                                                   .is_caught_up = result.is_caught_up,
                                                   .is_fenced = result.is_fenced,
                                                   .should_shut_down = result.should_shut_down});
}

void ControllerRegistrationHandler::reply(
    Exchange& exchange, const schema::ControllerRegistrationRequest&,
    const controller::ControllerRegistrationResult& result) const {
    schema::ControllerRegistrationResponse response;
    response.error_code = result.refusal.code;
    response.error_message = result.refusal.message;
    exchange.reply(response);
}

void AllocateProducerIdsHandler::reply(Exchange& exchange,
                                       const schema::AllocateProducerIdsRequest&,
                                       const controller::ProducerIdsResult& result) const {
    exchange.reply(schema::AllocateProducerIdsResponse{.error_code = result.refusal.code,
                                                       .producer_id_start = result.first,
                                                       .producer_id_len = result.count});
}

}  // namespace hw::broker
