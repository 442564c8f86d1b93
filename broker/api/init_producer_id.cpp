#include "broker/api/init_producer_id.h"

#include <utility>

#include "protocol/record/batch.h"

namespace hw::broker {
namespace {

using schema::InitProducerIdRequest;
using schema::InitProducerIdResponse;
using wire::ErrorCode;

/// A client that may write to any topic may do so idempotently (KIP-679).
bool is_allowed(const RequestContext& who, std::string_view transactional_id) {
    if (!wire::is_null(transactional_id)) {
        return who.allows(Operation::write, {ResourceType::transactional_id, transactional_id});
    }
    return who.allows(Operation::idempotent_write, kCluster) ||
           who.allows_any(Operation::write, ResourceType::topic);
}

ErrorCode check(const RequestContext& who, const InitProducerIdRequest& request) {
    const bool is_transactional = !wire::is_null(request.transactional_id);
    if (!is_allowed(who, request.transactional_id)) {
        return is_transactional ? ErrorCode::transactional_id_authorization_failed
                                : ErrorCode::cluster_authorization_failed;
    }
    const bool has_id = request.producer_id != kNoProducerId;
    const bool has_epoch = request.producer_epoch != record::kNoProducerEpoch;
    if (has_id != has_epoch) {
        return ErrorCode::invalid_request;
    }
    if (!is_transactional) {
        return ErrorCode::none;
    }
    return request.transactional_id.empty() ? ErrorCode::invalid_request
                                            : ErrorCode::coordinator_not_available;
}

InitProducerIdResponse refusal(ErrorCode code) {
    InitProducerIdResponse response;
    response.error_code = code;
    response.producer_epoch = record::kNoProducerEpoch;
    return response;
}

/// Without an id, the error code is one that makes clients of all versions try again.
InitProducerIdResponse response_with(std::optional<ProducerId> id) {
    if (!id) {
        return refusal(ErrorCode::coordinator_load_in_progress);
    }
    InitProducerIdResponse response;
    response.producer_id = *id;
    return response;
}

}  // namespace

Task<> InitProducerIdHandler::serve(ExchangePtr exchange, const InitProducerIdRequest& request) {
    if (const ErrorCode code = check(exchange->context(), request); code != ErrorCode::none) {
        exchange->reply(refusal(code));
        return done();
    }
    ids_.take(services_.shard, [exchange = std::move(exchange)](std::optional<ProducerId> id) {
        exchange->reply(response_with(id));
    });
    return done();
}

}  // namespace hw::broker
