#include "broker/api/fetch.h"

#include <algorithm>
#include <memory>

#include "broker/api/fetch_job.h"
#include "broker/api/isolation_level.h"

namespace hw::broker {
namespace {

/// Session epochs of a full request: one that ends its session, and one that asks for a new one.
constexpr std::int32_t kSessionFinalEpoch = -1;
constexpr std::int32_t kSessionInitialEpoch = 0;

bool continues_a_session(const schema::FetchRequest& request) {
    return request.session_epoch != kSessionFinalEpoch &&
           request.session_epoch != kSessionInitialEpoch;
}

void refuse_session(Exchange& exchange) {
    schema::FetchResponse response;
    response.error_code = wire::ErrorCode::fetch_session_id_not_found;
    exchange.reply(response);
}

}  // namespace

Task<> FetchHandler::serve(ExchangePtr exchange, const schema::FetchRequest& request) {
    const auto isolation = isolation_level(request.isolation_level);
    if (!isolation) {
        exchange->reject(isolation.error());
        return done();
    }
    if (continues_a_session(request)) {
        refuse_session(*exchange);
        return done();
    }
    // From version 15 on, the id is in a struct of its own.
    if (std::max(request.replica_id, request.replica_state.replica_id) != kNoBroker) {
        exchange->note_follower();
    }
    auto job = std::make_shared<FetchJob>(services_, exchange, request, *isolation);
    if (selector_ == ReplicaSelector::rack_aware) {
        job->offer_followers();
    }
    exchange->keep(job);
    return FetchJob::serve(std::move(exchange), *job);
}

}  // namespace hw::broker
