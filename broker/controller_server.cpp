#include "broker/controller_server.h"

#include <utility>

#include "broker/api/alter_configs.h"
#include "broker/api/api_versions.h"
#include "broker/api/create_topics.h"
#include "broker/api/delete_topics.h"
#include "broker/api/describe_cluster.h"
#include "broker/api/describe_configs.h"
#include "broker/api/elect_leaders.h"
#include "broker/api/envelope.h"
#include "broker/api/node_requests.h"
#include "broker/api/partition_requests.h"
#include "broker/api/quorum_fetch.h"
#include "broker/api/quorum_requests.h"
#include "broker/api/update_features.h"

namespace hw::broker {
namespace {

std::shared_ptr<replication::RaftNode> make_raft(const ControllerServer::Ports& ports,
                                                 const ControllerServerOptions& options,
                                                 const QuorumPeers& peers, MetadataLog metadata) {
    const replication::Voter& self = *options.raft.voters.find(options.raft.self.id);
    replication::RaftServices services{.shard = ports.shard,
                                       .clock = ports.clock,
                                       .disk = ports.disk,
                                       .directory = *metadata.directory,
                                       .log = ports.log.named("raft"),
                                       .sender = {.cluster_id = options.cluster_id,
                                                  .self = options.raft.self,
                                                  .listener = options.listener,
                                                  .endpoint = self.endpoint},
                                       .peers = peers.peers()};
    std::uint64_t seed = 0;
    ports.entropy.fill(std::as_writable_bytes(std::span(&seed, 1)));
    return std::make_shared<replication::RaftNode>(std::move(services), options.raft,
                                                   std::move(metadata.contents), metadata.election,
                                                   Random(seed));
}

}  // namespace

ControllerServer::ControllerServer(const Ports& ports, ControllerServerOptions options,
                                   MetadataLog metadata)
    : shard_(ports.shard),
      clock_(ports.clock),
      delayed_(ports.shard, ports.clock),
      services_{{.node_id = options.raft.self.id,
                 .shard = ports.shard,
                 .clock = ports.clock,
                 .image = std::make_shared<const controller::MetadataImage>(options.cluster_id),
                 .replicas = {}},
                delayed_},
      peers_({ports.shard, ports.clock, ports.network}, options.raft.voters, options.raft.self.id),
      raft_(make_raft(ports, options, peers_, std::move(metadata))),
      runtime_(ports.shard, ports.clock, *raft_,
               controller::QuorumController(options.controller, {ports.entropy, ports.config_rules},
                                            controller::MetadataImage(options.cluster_id)),
               ports.log.named("controller")),
      watch_({ports.shard, ports.clock, ports.network, ports.log.named("controller")}, runtime_,
             options.raft.self.id),
      dispatcher_(ports.authorizer, ports.quotas),
      host_(ports.shard, ports.clock, dispatcher_, options.limits, ports.log.named("net")) {
    add_handlers(options, ports);
}

void ControllerServer::add_handlers(const ControllerServerOptions& options, const Ports& ports) {
    using schema::ApiKey;
    const std::string& cluster_id = options.cluster_id;
    const Logger log = ports.log.named("controller");
    dispatcher_.add(ApiKey::api_versions,
                    std::make_unique<ApiVersionsHandler>(dispatcher_, services_));
    dispatcher_.add(ApiKey::fetch,
                    std::make_unique<QuorumFetchHandler>(*raft_, shard_, clock_, cluster_id));
    dispatcher_.add(ApiKey::vote, std::make_unique<VoteHandler>(*raft_, cluster_id));
    dispatcher_.add(ApiKey::begin_quorum_epoch,
                    std::make_unique<BeginQuorumEpochHandler>(*raft_, cluster_id));
    dispatcher_.add(ApiKey::end_quorum_epoch,
                    std::make_unique<EndQuorumEpochHandler>(*raft_, cluster_id));
    dispatcher_.add(ApiKey::describe_quorum,
                    std::make_unique<DescribeQuorumHandler>(*raft_, clock_, options.listener));
    dispatcher_.add(ApiKey::envelope, std::make_unique<EnvelopeHandler>(dispatcher_));
    dispatcher_.add(ApiKey::broker_registration,
                    std::make_unique<BrokerRegistrationHandler>(runtime_, log, clock_));
    dispatcher_.add(ApiKey::broker_heartbeat,
                    std::make_unique<BrokerHeartbeatHandler>(runtime_, watch_));
    dispatcher_.add(ApiKey::alter_partition, std::make_unique<AlterPartitionHandler>(runtime_));
    dispatcher_.add(ApiKey::assign_replicas_to_dirs,
                    std::make_unique<AssignReplicasHandler>(runtime_));
    dispatcher_.add(ApiKey::controller_registration,
                    std::make_unique<ControllerRegistrationHandler>(runtime_, log, clock_));
    dispatcher_.add(ApiKey::create_topics,
                    std::make_unique<CreateTopicsHandler>(runtime_, ports.settings,
                                                          ports.log.named("topics"), ports.clock));
    dispatcher_.add(ApiKey::delete_topics,
                    std::make_unique<DeleteTopicsHandler>(runtime_, ports.settings));
    dispatcher_.add(ApiKey::elect_leaders,
                    std::make_unique<ElectLeadersHandler>(runtime_, ports.settings));
    dispatcher_.add(ApiKey::incremental_alter_configs,
                    std::make_unique<AlterConfigsHandler>(runtime_, ports.settings));
    dispatcher_.add(ApiKey::update_features,
                    std::make_unique<UpdateFeaturesHandler>(runtime_, ports.settings));
    dispatcher_.add(ApiKey::allocate_producer_ids,
                    std::make_unique<AllocateProducerIdsHandler>(runtime_));
    dispatcher_.add(ApiKey::describe_cluster, std::make_unique<DescribeClusterHandler>(services_));
    dispatcher_.add(ApiKey::describe_configs,
                    std::make_unique<DescribeConfigsHandler>(services_, ports.settings));
}

void ControllerServer::start(std::function<void(const Error&)> tell_end) {
    runtime_.on_end(std::move(tell_end));
    runtime_.on_image([this](std::shared_ptr<const controller::MetadataImage> image) {
        services_.image = image;
        if (tell_image_) {
            tell_image_(std::move(image));
        }
    });
    runtime_.on_role_change([this] { watch_.on_role_change(); });
    runtime_.start();
    watch_.start();
    host_.start();
}

Task<> ControllerServer::stop() {
    co_await watch_.stop();
    raft_->end_waits();
    co_await peers_.stop();
    co_await raft_->stop();
    co_await host_.stop();
    co_await runtime_.stop();
}

std::unique_ptr<Transport> ControllerServer::connect(const ListenerInfo& listener) {
    LocalPair pair = make_local_pair(shard_, shard_, listener.advertised);
    host_.adopt(std::move(pair.second), listener, [] {});
    return std::move(pair.first);
}

}  // namespace hw::broker
