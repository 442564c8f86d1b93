#include "broker/controller_server.h"

#include <utility>

#include "broker/api/api_versions.h"
#include "broker/api/create_topics.h"
#include "broker/api/delete_topics.h"
#include "broker/api/describe_cluster.h"
#include "broker/api/describe_configs.h"
#include "broker/api/envelope.h"
#include "broker/api/node_requests.h"
#include "broker/api/quorum_fetch.h"

namespace hw::broker {
namespace {

std::shared_ptr<replication::RaftNode> make_raft(const ControllerServer::Ports& ports,
                                                 replication::RaftOptions options,
                                                 MetadataLog metadata) {
    replication::RaftServices services{.shard = ports.shard,
                                       .clock = ports.clock,
                                       .disk = ports.disk,
                                       .directory = *metadata.directory,
                                       .log = ports.log.named("raft")};
    std::uint64_t seed = 0;
    ports.entropy.fill(std::as_writable_bytes(std::span(&seed, 1)));
    return std::make_shared<replication::RaftNode>(services, std::move(options),
                                                   std::move(metadata.contents), metadata.election,
                                                   Random(seed));
}

}  // namespace

ControllerServer::ControllerServer(const Ports& ports, ControllerServerOptions options,
                                   MetadataLog metadata, ApiServices& services)
    : shard_(ports.shard),
      clock_(ports.clock),
      raft_(make_raft(ports, std::move(options.raft), std::move(metadata))),
      runtime_(
          ports.shard, ports.clock, *raft_,
          controller::QuorumController(options.controller, {ports.entropy, ports.topic_configs},
                                       controller::MetadataImage(options.cluster_id)),
          ports.log.named("controller")),
      dispatcher_(ports.authorizer, ports.quotas),
      host_(ports.shard, ports.clock, dispatcher_, options.limits, ports.log.named("net")) {
    add_handlers(options.cluster_id, services, ports);
}

void ControllerServer::add_handlers(const std::string& cluster_id, ApiServices& services,
                                    const Ports& ports) {
    using schema::ApiKey;
    dispatcher_.add(ApiKey::api_versions,
                    std::make_unique<ApiVersionsHandler>(dispatcher_, services));
    dispatcher_.add(ApiKey::fetch,
                    std::make_unique<QuorumFetchHandler>(*raft_, clock_, cluster_id));
    dispatcher_.add(ApiKey::envelope, std::make_unique<EnvelopeHandler>(dispatcher_));
    dispatcher_.add(ApiKey::broker_registration,
                    std::make_unique<BrokerRegistrationHandler>(runtime_));
    dispatcher_.add(ApiKey::broker_heartbeat, std::make_unique<BrokerHeartbeatHandler>(runtime_));
    dispatcher_.add(ApiKey::controller_registration,
                    std::make_unique<ControllerRegistrationHandler>(runtime_));
    dispatcher_.add(ApiKey::create_topics,
                    std::make_unique<CreateTopicsHandler>(runtime_, ports.settings,
                                                          ports.log.named("topics"), ports.clock));
    dispatcher_.add(ApiKey::delete_topics,
                    std::make_unique<DeleteTopicsHandler>(runtime_, ports.settings));
    dispatcher_.add(ApiKey::allocate_producer_ids,
                    std::make_unique<AllocateProducerIdsHandler>(runtime_));
    dispatcher_.add(ApiKey::describe_cluster, std::make_unique<DescribeClusterHandler>(services));
    dispatcher_.add(ApiKey::describe_configs,
                    std::make_unique<DescribeConfigsHandler>(services, ports.settings));
}

void ControllerServer::start(std::function<void(const Error&)> tell_end) {
    runtime_.on_end(std::move(tell_end));
    runtime_.start();
    host_.start();
}

Task<> ControllerServer::stop() {
    raft_->end_waits();
    co_await host_.stop();
    co_await runtime_.stop();
}

std::unique_ptr<Transport> ControllerServer::connect(const ListenerInfo& listener) {
    LocalPair pair = make_local_pair(shard_, shard_, listener.advertised);
    host_.adopt(std::move(pair.second), listener, [] {});
    return std::move(pair.first);
}

}  // namespace hw::broker
