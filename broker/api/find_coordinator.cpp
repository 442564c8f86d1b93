#include "broker/api/find_coordinator.h"

#include <deque>
#include <string>
#include <vector>

#include "protocol/wire/refusal.h"

namespace hw::broker {
namespace {

using schema::FindCoordinatorRequest;
using schema::FindCoordinatorResponse;

enum KeyType : std::int8_t { kGroup = 0, kTransaction = 1, kShare = 2 };

constexpr std::int32_t kNoPort = -1;

/// Share groups exist from version 6 on (KIP-932).
bool is_known(std::int8_t key_type, ApiVersion version) {
    constexpr ApiVersion kKnowsShare{6};
    return key_type >= 0 && key_type <= kShare && (key_type != kShare || version >= kKnowsShare);
}

/// The error for a caller that may not look up the coordinator of the key; none if it may.
wire::ErrorCode denial(const RequestContext& who, std::int8_t key_type, std::string_view key) {
    switch (key_type) {
        case kGroup:
            return who.allows(Operation::describe, {ResourceType::group, key})
                       ? wire::ErrorCode::none
                       : wire::ErrorCode::group_authorization_failed;
        case kTransaction:
            return who.allows(Operation::describe, {ResourceType::transactional_id, key})
                       ? wire::ErrorCode::none
                       : wire::ErrorCode::transactional_id_authorization_failed;
        default:
            return who.allows(Operation::cluster_action, kCluster)
                       ? wire::ErrorCode::none
                       : wire::ErrorCode::cluster_authorization_failed;
    }
}

wire::Refusal refusal_of(const RequestContext& who, std::int8_t key_type, std::string_view key,
                         ApiVersion version) {
    if (!is_known(key_type, version)) {
        return {wire::ErrorCode::invalid_request,
                fmt::format("version {} has no coordinators of type {}: 0 is groups, 1 is "
                            "transactions, and 2, from version 6 on, is share partitions",
                            version, key_type)};
    }
    if (const wire::ErrorCode denied = denial(who, key_type, key);
        denied != wire::ErrorCode::none) {
        return {denied, fmt::format("not allowed to look up the coordinator of '{}'", key)};
    }
    return {wire::ErrorCode::coordinator_not_available,
            "this broker has no coordinators yet: groups, transactions and share groups are not "
            "supported"};
}

FindCoordinatorResponse refuse_one(const wire::Refusal& refusal) {
    FindCoordinatorResponse response;
    response.error_code = refusal.code;
    response.error_message = refusal.message;
    response.node_id = kNoBroker;
    response.port = kNoPort;
    return response;
}

}  // namespace

Task<> FindCoordinatorHandler::serve(ExchangePtr exchange, const FindCoordinatorRequest& request) {
    const RequestContext& who = exchange->context();
    const ApiVersion version = exchange->version();
    constexpr ApiVersion kAsksForMany{4};
    if (version < kAsksForMany) {
        const wire::Refusal refusal = refusal_of(who, request.key_type, request.key, version);
        exchange->reply(refuse_one(refusal));
        return done();
    }
    std::deque<wire::Refusal> refusals;
    std::vector<FindCoordinatorResponse::Coordinator> coordinators;
    for (const std::string_view key : request.coordinator_keys) {
        const wire::Refusal& refusal =
            refusals.emplace_back(refusal_of(who, request.key_type, key, version));
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
