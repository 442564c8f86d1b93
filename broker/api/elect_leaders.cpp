#include "broker/api/elect_leaders.h"

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hw::broker {

Task<> ElectLeadersHandler::serve(ExchangePtr exchange,
                                  const schema::ElectLeadersRequest& request) {
    if (!exchange->context().allows(Operation::alter, kCluster)) {
        reply_error(*exchange, request,
                    {wire::ErrorCode::cluster_authorization_failed,
                     "not allowed to alter the cluster, which elections need"});
        return done();
    }
    if (!take_answer_memory(*exchange, request, sizes_)) {
        return done();
    }
    return ControllerHandler::serve(std::move(exchange), request);
}

void ElectLeadersHandler::reply(Exchange& exchange, const schema::ElectLeadersRequest& request,
                                const controller::ElectLeadersResult& result) const {
    using Response = schema::ElectLeadersResponse;
    if (result.refusal.is_refused()) {
        reply_error(exchange, request, result.refusal);
        return;
    }
    std::vector<Response::Topic> topics;
    std::vector<Response::Partition> partitions;
    partitions.reserve(result.partitions.size());
    std::size_t first = 0;  // of the partitions of the newest topic
    for (const controller::ElectedPartition& elected : result.partitions) {
        if (topics.empty() || topics.back().topic != elected.topic) {
            topics.push_back({.topic = elected.topic});
            first = partitions.size();
        }
        const std::string_view message = elected.refusal.message;
        partitions.push_back({.partition_id = elected.index,
                              .error_code = elected.refusal.code,
                              .error_message = message.empty() ? std::string_view() : message});
        topics.back().partition_result =
            std::span<const Response::Partition>(partitions).subspan(first);
    }
    Response response;
    response.replica_election_results = topics;
    exchange.reply(response);
}

}  // namespace hw::broker
