#include "broker/api/update_features.h"

#include <string_view>
#include <utility>
#include <vector>

namespace hw::broker {

Task<> UpdateFeaturesHandler::serve(ExchangePtr exchange,
                                    const schema::UpdateFeaturesRequest& request) {
    if (!exchange->context().allows(Operation::alter, kCluster)) {
        reply_error(*exchange, request,
                    {wire::ErrorCode::cluster_authorization_failed,
                     "not allowed to alter the cluster, which an update of features needs"});
        return done();
    }
    if (!take_answer_memory(*exchange, request, sizes_)) {
        return done();
    }
    return ControllerHandler::serve(std::move(exchange), request);
}

void UpdateFeaturesHandler::reply(Exchange& exchange, const schema::UpdateFeaturesRequest& request,
                                  const controller::UpdateFeaturesResult& result) const {
    using Response = schema::UpdateFeaturesResponse;
    if (result.refusal.is_refused()) {
        reply_error(exchange, request, result.refusal);
        return;
    }
    std::vector<Response::Result> results;
    results.reserve(request.feature_updates.size());
    for (const auto& update : request.feature_updates) {
        results.push_back({.feature = update.feature, .error_message = std::string_view()});
    }
    Response response;
    response.error_message = std::string_view();
    response.results = results;
    exchange.reply(response);
}

}  // namespace hw::broker
