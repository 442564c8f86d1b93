#include "broker/api/find_coordinator.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/api/listener_view.h"
#include "broker/coordinator/group/group_partition.h"
#include "broker/net/long_loop.h"
#include "controller/image/topic_name.h"
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
class Answers {
public:
    Answers(const ApiServices& services, const RequestContext& who, std::int8_t key_type,
            ApiVersion version)
        : who_(who), key_type_(key_type), image_(services.image) {
        if (!is_known(key_type, version)) {
            refusal_ = {wire::ErrorCode::invalid_request,
                        fmt::format("version {} has no coordinators of type {}: 0 is groups, 1 is "
                                    "transactions, and 2, from version 6 on, is share partitions",
                                    version, key_type)};
        }
    }

    FindCoordinatorResponse::Coordinator answer(std::string_view key) const {
        if (refusal_.is_refused()) {
            return refused(key, refusal_.code, refusal_.message);
        }
        const wire::ErrorCode denied = denial(who_, key_type_, key);
        if (denied != wire::ErrorCode::none) {
            return refused(key, denied, "not allowed to look up this coordinator");
        }
        return key_type_ == kGroup
                   ? coordinator_of_group(key)
                   : refused(key, wire::ErrorCode::coordinator_not_available,
                             "this broker has no such coordinators yet: transactions and share "
                             "groups are not supported");
    }

private:
    static FindCoordinatorResponse::Coordinator refused(std::string_view key, wire::ErrorCode code,
                                                        std::string_view message) {
        return {.key = key,
                .node_id = kNoBroker,
                .host = {},
                .port = kNoPort,
                .error_code = code,
                .error_message = message};
    }

    FindCoordinatorResponse::Coordinator coordinator_of_group(std::string_view group) const {
        const auto not_available = [group](std::string_view why) {
            return refused(group, wire::ErrorCode::coordinator_not_available, why);
        };
        const controller::TopicImage* topic = image_->find_topic(controller::kOffsetsTopic);
        if (topic == nullptr) {
            return not_available("the topic of the offsets is being created");
        }
        const auto* partition =
            topic->partitions.find(partition_of_group(group, topic->partitions.size()));
        const controller::BrokerImage* leader = image_->find_live_broker(partition->leader);
        if (leader == nullptr) {
            return not_available("the partition with the offsets of the group has no leader");
        }
        const Endpoint* endpoint = live_endpoint_on(*leader, *who_.listener);
        if (endpoint == nullptr) {
            return not_available("the coordinator does not have this listener");
        }
        return {.key = group,
                .node_id = leader->id,
                .host = endpoint->host,
                .port = endpoint->port,
                .error_code = wire::ErrorCode::none,
                .error_message = {}};
    }

    const RequestContext& who_;
    std::int8_t key_type_;
    std::shared_ptr<const controller::MetadataImage> image_;
    wire::Refusal refusal_;
};

void answer_one(Exchange& exchange, const FindCoordinatorResponse::Coordinator& coordinator) {
    FindCoordinatorResponse response;
    response.error_code = coordinator.error_code;
    response.error_message = coordinator.error_message;
    response.node_id = coordinator.node_id;
    response.host = coordinator.host;
    response.port = coordinator.port;
    exchange.reply(response);
}

}  // namespace

Task<> FindCoordinatorHandler::serve(ExchangePtr exchange, const FindCoordinatorRequest& request) {
    if (request.key_type != kGroup ||
        services_.image->find_topic(controller::kOffsetsTopic) != nullptr) {
        co_await answer(std::move(exchange), request);
        co_return;
    }
    // The request lives as long as the exchange.
    creator_.create(services_.shard, {std::string(controller::kOffsetsTopic)},
                    [this, &request, exchange = std::move(exchange)](const auto&) mutable {
                        services_.delayed.go_on(answer(std::move(exchange), request));
                    });
}

Task<> FindCoordinatorHandler::answer(ExchangePtr exchange,
                                      const FindCoordinatorRequest& request) const {
    const ApiVersion version = exchange->version();
    const Answers answers(services_, exchange->context(), request.key_type, version);
    constexpr ApiVersion kAsksForMany{4};
    if (version < kAsksForMany) {
        answer_one(*exchange, answers.answer(request.key));
        co_return;
    }
    std::vector<FindCoordinatorResponse::Coordinator> coordinators;
    if (!exchange->take_work(request.coordinator_keys.size(), sizeof coordinators[0])) {
        co_return;
    }
    coordinators.reserve(request.coordinator_keys.size());
    LongLoop loop;
    for (const std::string_view key : request.coordinator_keys) {
        coordinators.push_back(answers.answer(key));
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
    FindCoordinatorResponse response;
    response.coordinators = coordinators;
    exchange->reply(response);
}

}  // namespace hw::broker
