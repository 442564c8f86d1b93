#include "broker/api/find_coordinator.h"

#include <vector>

#include "broker/net/long_loop.h"
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

/// The answers to the keys of one request. Its messages name no key, so that a request with many
/// keys needs no memory for a text per key.
class Refusals {
public:
    Refusals(const RequestContext& who, std::int8_t key_type, ApiVersion version)
        : who_(who), key_type_(key_type) {
        if (!is_known(key_type, version)) {
            refusal_ = {wire::ErrorCode::invalid_request,
                        fmt::format("version {} has no coordinators of type {}: 0 is groups, 1 is "
                                    "transactions, and 2, from version 6 on, is share partitions",
                                    version, key_type)};
        }
    }

    FindCoordinatorResponse::Coordinator answer(std::string_view key) const {
        FindCoordinatorResponse::Coordinator answer{.key = key,
                                                    .node_id = kNoBroker,
                                                    .host = {},
                                                    .port = kNoPort,
                                                    .error_code = refusal_.code,
                                                    .error_message = refusal_.message};
        const wire::ErrorCode denied = denial(who_, key_type_, key);
        if (refusal_.code != wire::ErrorCode::invalid_request && denied != wire::ErrorCode::none) {
            answer.error_code = denied;
            answer.error_message = "not allowed to look up this coordinator";
        }
        return answer;
    }

private:
    const RequestContext& who_;
    std::int8_t key_type_;
    wire::Refusal refusal_{
        wire::ErrorCode::coordinator_not_available,
        "this broker has no coordinators yet: groups, transactions and share groups are not "
        "supported"};
};

void answer_one(Exchange& exchange, const FindCoordinatorResponse::Coordinator& coordinator) {
    FindCoordinatorResponse response;
    response.error_code = coordinator.error_code;
    response.error_message = coordinator.error_message;
    response.node_id = coordinator.node_id;
    response.port = coordinator.port;
    exchange.reply(response);
}

}  // namespace

Task<> FindCoordinatorHandler::serve(ExchangePtr exchange, const FindCoordinatorRequest& request) {
    const ApiVersion version = exchange->version();
    const Refusals refusals(exchange->context(), request.key_type, version);
    constexpr ApiVersion kAsksForMany{4};
    if (version < kAsksForMany) {
        answer_one(*exchange, refusals.answer(request.key));
        co_return;
    }
    std::vector<FindCoordinatorResponse::Coordinator> coordinators;
    if (!exchange->take_work(request.coordinator_keys.size(), sizeof coordinators[0])) {
        co_return;
    }
    coordinators.reserve(request.coordinator_keys.size());
    LongLoop loop;
    for (const std::string_view key : request.coordinator_keys) {
        coordinators.push_back(refusals.answer(key));
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
    FindCoordinatorResponse response;
    response.coordinators = coordinators;
    exchange->reply(response);
}

}  // namespace hw::broker
