#include "broker/api/handlers.h"

#include <algorithm>
#include <array>
#include <memory>

#include "broker/api/api_versions.h"
#include "broker/api/consumer_group_describe.h"
#include "broker/api/consumer_group_heartbeat.h"
#include "broker/api/delete_groups.h"
#include "broker/api/describe_cluster.h"
#include "broker/api/describe_configs.h"
#include "broker/api/describe_groups.h"
#include "broker/api/describe_lag.h"
#include "broker/api/describe_replicas.h"
#include "broker/api/fetch.h"
#include "broker/api/find_coordinator.h"
#include "broker/api/forwarding.h"
#include "broker/api/heartbeat.h"
#include "broker/api/init_producer_id.h"
#include "broker/api/join_group.h"
#include "broker/api/leave_group.h"
#include "broker/api/list_groups.h"
#include "broker/api/list_offsets.h"
#include "broker/api/metadata.h"
#include "broker/api/offset_commit.h"
#include "broker/api/offset_delete.h"
#include "broker/api/offset_fetch.h"
#include "broker/api/offset_for_leader_epoch.h"
#include "broker/api/produce.h"
#include "broker/api/sync_group.h"

namespace hw::broker {
namespace {

/// True if the list has exactly the APIs that the table says brokers forward for clients.
template <class... Requests>
constexpr bool is_complete(RequestList<Requests...>) {
    constexpr std::array kListed{Requests::kKey...};
    return std::ranges::all_of(schema::kApiTable, [&](const schema::ApiInfo& api) {
        const bool is_listed = std::ranges::find(kListed, api.key) != kListed.end();
        return is_listed == (api.forwarded && api.on_broker);
    });
}
static_assert(is_complete(ForwardedRequests()),
              "a forwarded API is missing in forwarded_apis.h, or one there is not forwarded");

template <class... Requests>
void add_forwarding(Dispatcher& dispatcher, Shard& shard, const NodeServices& node,
                    RequestList<Requests...>) {
    (dispatcher.add(Requests::kKey, std::make_unique<ForwardingHandler<Requests>>(
                                        shard, node.gateway, node.settings)),
     ...);
}

ReplicaSelector replica_selector(const config::Settings& settings) {
    const bool by_rack =
        settings.text("replica.selector.class").value_or("").ends_with(".RackAwareReplicaSelector");
    return by_rack ? ReplicaSelector::rack_aware : ReplicaSelector::leader;
}

}  // namespace

void add_group_handlers(Dispatcher& dispatcher, ApiServices& services, const GroupRules& rules,
                        Entropy& entropy) {
    using schema::ApiKey;
    const Duration timeout = rules.commit_timeout;
    dispatcher.add(ApiKey::offset_commit, std::make_unique<OffsetCommitHandler>(services, timeout));
    dispatcher.add(ApiKey::offset_fetch, std::make_unique<OffsetFetchHandler>(services, timeout));
    dispatcher.add(ApiKey::offset_delete, std::make_unique<OffsetDeleteHandler>(services, timeout));
    dispatcher.add(ApiKey::join_group,
                   std::make_unique<JoinGroupHandler>(services, rules, entropy));
    dispatcher.add(ApiKey::sync_group, std::make_unique<SyncGroupHandler>(services));
    dispatcher.add(ApiKey::heartbeat, std::make_unique<HeartbeatHandler>(services, timeout));
    dispatcher.add(ApiKey::leave_group, std::make_unique<LeaveGroupHandler>(services, timeout));
    dispatcher.add(ApiKey::consumer_group_heartbeat,
                   std::make_unique<ConsumerGroupHeartbeatHandler>(services, rules, entropy));
    dispatcher.add(ApiKey::consumer_group_describe,
                   std::make_unique<ConsumerGroupDescribeHandler>(services, timeout));
    dispatcher.add(ApiKey::describe_groups,
                   std::make_unique<DescribeGroupsHandler>(services, timeout));
    dispatcher.add(ApiKey::list_groups, std::make_unique<ListGroupsHandler>(services, timeout));
    dispatcher.add(ApiKey::delete_groups, std::make_unique<DeleteGroupsHandler>(services, timeout));
}

void add_handlers(Dispatcher& dispatcher, ApiServices& services, const NodeServices& node,
                  const replication::FetchSessionOptions& sessions) {
    using schema::ApiKey;
    dispatcher.add(ApiKey::produce, std::make_unique<ProduceHandler>(services));
    dispatcher.add(ApiKey::fetch, std::make_unique<FetchHandler>(
                                      services, replica_selector(node.settings), sessions));
    dispatcher.add(ApiKey::list_offsets, std::make_unique<ListOffsetsHandler>(services));
    dispatcher.add(ApiKey::offset_for_leader_epoch,
                   std::make_unique<OffsetForLeaderEpochHandler>(services));
    dispatcher.add(ApiKey::metadata,
                   std::make_unique<MetadataHandler>(
                       services, node.creates_topics ? &node.topic_creator : nullptr));
    dispatcher.add(ApiKey::find_coordinator,
                   std::make_unique<FindCoordinatorHandler>(services, node.topic_creator));
    add_group_handlers(dispatcher, services, node.groups, node.entropy);
    dispatcher.add(ApiKey::api_versions,
                   std::make_unique<ApiVersionsHandler>(dispatcher, services));
    dispatcher.add(ApiKey::init_producer_id,
                   std::make_unique<InitProducerIdHandler>(services, node.producer_ids));
    dispatcher.add(ApiKey::describe_configs,
                   std::make_unique<DescribeConfigsHandler>(services, node.settings));
    dispatcher.add(ApiKey::describe_cluster, std::make_unique<DescribeClusterHandler>(services));
    dispatcher.add(ApiKey::describe_lag, std::make_unique<DescribeLagHandler>(services));
    dispatcher.add(ApiKey::describe_replicas, std::make_unique<DescribeReplicasHandler>(services));
    add_forwarding(dispatcher, services.shard, node, ForwardedRequests());
}

}  // namespace hw::broker
