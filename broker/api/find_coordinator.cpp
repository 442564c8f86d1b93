#include "broker/api/find_coordinator.h"

#include <string>
#include <vector>

namespace hw::broker {
namespace {

using schema::FindCoordinatorRequest;
using schema::FindCoordinatorResponse;

constexpr int kShare = 2;
constexpr std::int32_t kNoPort = -1;

struct Refusal {
    wire::ErrorCode code;
    std::string message;
};

/// KIP-932: clients of before version 6 know no share groups.
bool is_known(std::int8_t key_type, ApiVersion version) {
    constexpr ApiVersion kKnowsShare{6};
    return key_type >= 0 && key_type <= kShare && (key_type != kShare || version >= kKnowsShare);
}

Refusal refusal_of(std::int8_t key_type, ApiVersion version) {
    if (!is_known(key_type, version)) {
        return {wire::ErrorCode::invalid_request,
                fmt::format("version {} has no coordinators of type {}: 0 is groups, 1 "
                            "transactions, from version 6 on 2 share partitions",
                            version, key_type)};
    }
    return {wire::ErrorCode::coordinator_not_available,
            "this broker has no coordinators yet: groups, transactions and share groups are not "
            "built"};
}

FindCoordinatorResponse refuse_one(const Refusal& refusal) {
    FindCoordinatorResponse response;
    response.error_code = refusal.code;
    response.error_message = refusal.message;
    response.node_id = kNoBroker;
    response.port = kNoPort;
    return response;
}

}  // namespace

Task<> FindCoordinatorHandler::serve(ExchangePtr exchange, const FindCoordinatorRequest& request) {
    const Refusal refusal = refusal_of(request.key_type, exchange->version());
    constexpr ApiVersion kAsksForMany{4};
    if (exchange->version() < kAsksForMany) {
        exchange->reply(refuse_one(refusal));
        return done();
    }
    std::vector<FindCoordinatorResponse::Coordinator> coordinators;
    for (const std::string_view key : request.coordinator_keys) {
        coordinators.push_back({.key = key,
                                .node_id = kNoBroker,
                                .host = {},
                                .port = kNoPort,
                                .error_code = refusal.code,
                                .error_message = refusal.message});
    }
    FindCoordinatorResponse response;
    response.coordinators = coordinators;
    exchange->reply(response);
    return done();
}

}  // namespace hw::broker
