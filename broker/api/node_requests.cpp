#include "broker/api/node_requests.h"

namespace hw::broker {

void RefusedRegistrations::note(std::string_view role, BrokerId node, IncarnationId run,
                                const wire::Refusal& refusal) {
    // NOT_CONTROLLER is normal after an election.
    if (!refusal.is_refused() || refusal.code == wire::ErrorCode::not_controller) {
        last_.erase(node);
        return;
    }
    const Refused refused{.run = run, .code = refusal.code};
    if (const auto found = last_.find(node); found != last_.end() && found->second == refused) {
        return;
    }
    if (last_.size() >= kMaxNodes) {
        last_.clear();
    }
    last_.insert_or_assign(node, refused);
    log_.warning("the registration of {} {} is refused: {}: {}", role, node, refusal.code,
                 refusal.message);
}

void BrokerRegistrationHandler::reply(Exchange& exchange,
                                      const schema::BrokerRegistrationRequest& request,
                                      const controller::BrokerRegistrationResult& result) const {
    refused_.note("broker", request.broker_id, request.incarnation_id, result.refusal);
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
    Exchange& exchange, const schema::ControllerRegistrationRequest& request,
    const controller::ControllerRegistrationResult& result) const {
    refused_.note("controller", request.controller_id, request.incarnation_id, result.refusal);
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
