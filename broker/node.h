#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/api/api_services.h"
#include "broker/bound_listeners.h"
#include "broker/controller_server.h"
#include "broker/coordinator/consumer/consumer_group.h"
#include "broker/coordinator/group/group_coordinators.h"
#include "broker/coordinator/group/offset_cleaner.h"
#include "broker/data_shards.h"
#include "broker/hang_watch.h"
#include "broker/metadata/broker_agent.h"
#include "broker/metadata/cluster_id_search.h"
#include "broker/metadata/controller_connector.h"
#include "broker/metadata/controller_gateway.h"
#include "broker/metadata/feature_warning.h"
#include "broker/metadata/metadata_follower.h"
#include "broker/metadata/producer_id_pool.h"
#include "broker/metadata/topic_creator.h"
#include "broker/net/acceptor.h"
#include "broker/net/connection_manager.h"
#include "broker/net/peer_channel.h"
#include "broker/node_limits.h"
#include "broker/quorum/config_rules.h"
#include "broker/quorum/controller_registrar.h"
#include "broker/replicas/checkpointer.h"
#include "broker/replicas/cluster_peers.h"
#include "broker/replicas/flush_queue.h"
#include "broker/replicas/isr_updater.h"
#include "broker/replicas/isr_watch.h"
#include "broker/replicas/metadata_applier.h"
#include "broker/replicas/producer_expiry.h"
#include "broker/replicas/replica_assigner.h"
#include "broker/runtime/shared_producer_limit.h"
#include "config/broker_config.h"
#include "protocol/base/clock.h"
#include "protocol/base/entropy.h"
#include "protocol/base/logger.h"
#include "protocol/base/network.h"
#include "protocol/base/shard.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// The ports of a node: of the operating system, or of the simulated world. They must outlive it.
struct NodePorts {
    const Clock& clock;
    Entropy& entropy;
    Network& network;
    storage::Disk& disk;
    LogSink& log;
    Shard& control;
    std::vector<Shard*> data;  ///< at least one; may be the control shard itself
    Shard* worker = nullptr;   ///< for long computations; null: the control shard
    DeferPolicy* defer = nullptr;
    /// Rules that a simulation breaks on purpose; none by default.
    replication::LeaderMutants mutants = {};
    replication::FollowerMutants follower_mutants = {};
    replication::RaftMutants raft_mutants = {};
    controller::ControllerMutants controller_mutants = {};
    storage::LogMutants log_mutants = {};
    CoordinatorMutants coordinator_mutants = {};
    ClassicMutants group_mutants = {};
    ConsumerMutants consumer_mutants = {};
};

/// A broker, and a controller if the node has that role. This is the composition root: it makes the
/// objects from the configuration and connects them. Several nodes can live in one process.
///
/// Used on the control shard. `stop` must have ended before it is destroyed, unless its shards were
/// destroyed before, with all that ran on them.
class Node final : public BrokerAgentListener {
public:
    Node(config::BrokerConfig config, const NodeLimits& limits, NodePorts ports);
    ~Node() override;
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Binds the listeners, opens the data directories, joins the cluster, and serves. Errors: the
    /// message says what is wrong and which key to change; call `stop` after an error, too.
    [[nodiscard]] Task<Result<void>> start();
    /// Ends `start` with an error. A start may wait for a long time for other nodes.
    void cancel_start();
    /// Whether that is why `start` ended; valid after it.
    [[nodiscard]] bool start_cancelled() const { return start_cancelled_; }
    /// First part of a stop: takes no more requests, answers those already taken, and leaves the
    /// cluster. Nodes of one process all leave before any of them stops, because a node needs a
    /// majority of the controllers to leave.
    [[nodiscard]] Task<> leave();
    /// Stops in order: leaves, unless `leave` was called before, closes the connections on every
    /// shard, closes the logs. Gives up a data directory that hangs.
    [[nodiscard]] Task<> stop();
    /// The data directories that `stop` gave up. Their blocking work may still run and use objects
    /// of the node and its disk. So if there are any, the process must end without destroying
    /// these.
    [[nodiscard]] const std::vector<std::string>& hung_directories() const {
        return hang_watch_.hung();
    }
    /// `call` is called once, when the node can no longer run: the process must end then.
    void on_end(std::function<void(const Error&)> call) { tell_end_ = std::move(call); }

    /// The listeners, with their actual ports; valid after start.
    [[nodiscard]] std::vector<ListenerInfo> listeners() const;
    [[nodiscard]] const std::string& cluster_id() const { return cluster_id_; }
    /// The error, if the node failed or its data was not closed cleanly. Read it after `stop`.
    [[nodiscard]] const std::optional<Error>& ended() const { return ended_; }

    /// The member of the metadata quorum; nullptr if this node has none, or not yet.
    [[nodiscard]] const replication::RaftNode* quorum() const {
        return controller_ == nullptr ? nullptr : &controller_->raft();
    }
    /// The committed metadata that the controller of this node knows; nullptr if it has none.
    [[nodiscard]] const controller::MetadataImage* controller_metadata() const {
        return controller_ == nullptr ? nullptr : &controller_->image();
    }
    /// The newest metadata that the broker of this node has; nullptr if it has none.
    [[nodiscard]] std::shared_ptr<const controller::MetadataImage> metadata() const {
        return applier_ == nullptr ? nullptr : applier_->image();
    }

    /// For the checks of a simulation: a replica of this broker; nullptr if there is none.
    [[nodiscard]] const replication::PartitionReplica* inspect(
        const controller::PartitionKey& key) const {
        return applier_ == nullptr ? nullptr : applier_->inspect(key);
    }

    void on_session(bool in_session) override;
    void on_refused(const Error& reason) override { end(reason); }

private:
    /// How long the start of an only controller waits until it leads. All else is waited for
    /// without limit: other controllers may be started later, and opening many logs takes long.
    static constexpr Duration kStartLimit = std::chrono::minutes(1);
    /// How long the controller may leave forwarded requests without any answer before the
    /// connection counts as dead. The requests have limits of their own, 5 to 30 s.
    static constexpr Duration kMaxSilence = std::chrono::seconds(25);
    /// Interval of the log lines that say what the start waits for.
    static constexpr Duration kReportInterval = std::chrono::seconds(10);
    /// How long a stop waits for the answers to requests already taken.
    static constexpr Duration kDrainLimit = std::chrono::seconds(5);

    [[nodiscard]] Result<void> check_roles() const;
    void accept(ListenerRole role, const std::vector<ConnectionManager*>& hosts);
    [[nodiscard]] const ListenerInfo& controller_listener() const;
    [[nodiscard]] Task<Result<storage::OpenedLogs>> open_storage();
    void start_controller(MetadataLog metadata);
    void start_broker(storage::OpenedLogs opened);
    void make_background_work();
    /// Waits until this node is part of the cluster: its controller knows who leads the quorum; its
    /// broker has a session, and the metadata that it serves shows it unfenced.
    [[nodiscard]] Task<Result<void>> wait_until_ready();
    /// What the start waits for, as the end of a log line.
    [[nodiscard]] std::string waits_for() const;
    [[nodiscard]] bool is_ready() const;

    [[nodiscard]] replication::VoterSet voters(const MetadataLog& metadata) const;
    [[nodiscard]] std::vector<BrokerId> other_voters() const;
    [[nodiscard]] BrokerFacts broker_facts() const;
    [[nodiscard]] controller::NodeEndpoints endpoints(ListenerRole role) const;
    [[nodiscard]] storage::LogOptions log_options(const std::string& topic) const;
    [[nodiscard]] HostLimits host_limits() const;
    [[nodiscard]] replication::LagLimits lag_limits() const;
    [[nodiscard]] DataShards::Ports data_ports();
    void on_applied(Offset offset);
    void on_controller_image(const controller::MetadataImage& image);
    void watch_directories();
    [[nodiscard]] bool has_failed(const storage::LogDirectory& directory) const;
    void check_failures_can_be_told();
    void on_directory_failed(const storage::LogDirectory& directory);
    void end(const Error& reason);

    [[nodiscard]] Task<> stop_in_order();
    [[nodiscard]] Task<> stop_accepting();
    [[nodiscard]] Task<> stop_serving();
    [[nodiscard]] Task<> stop_following();
    [[nodiscard]] Task<> close_logs();
    [[nodiscard]] Result<std::unique_ptr<Transport>> connect_own_controller();

    const config::BrokerConfig config_;
    NodeLimits limits_;
    NodePorts ports_;
    SharedProducerLimit producer_limit_;
    Logger log_;
    FeatureWarning feature_warning_;
    IncarnationId incarnation_;
    std::string cluster_id_;
    KeyTableRules config_rules_;
    AllowAll authorizer_;
    NoQuotas quotas_;
    std::function<void(const Error&)> tell_end_;
    std::optional<Error> ended_;
    Signal session_changed_;  ///< also set when the metadata changes or the node ends
    bool in_session_ = false;
    bool cancel_wanted_ = false;
    bool start_cancelled_ = false;
    bool has_left_ = false;
    bool knows_leader_ = false;    ///< the controller of this node knows who leads the quorum
    bool is_shown_alive_ = false;  ///< in the image that every shard was given

    std::shared_ptr<LargeFrameLimit> large_frames_;  ///< shared by the hosts of all shards
    HangWatch hang_watch_;
    storage::LogManager logs_;
    ConnectionLimiter connections_;
    FlushQueue control_flushes_;
    /// Never resized after the start, because connections refer to its infos.
    std::vector<BoundListener> bound_;
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
    std::unique_ptr<ControllerServer> controller_;
    ControllerConnector connector_;
    /// Connections to the active controller, so that what one waits for holds up no other: for
    /// registration and heartbeats; for requests of clients and the topics that they need; for
    /// producer ids; for changes of ISRs; for the directories of replicas; for the fetch of the
    /// metadata log.
    PeerChannel session_channel_;
    PeerChannel request_channel_;
    PeerChannel id_channel_;
    PeerChannel isr_channel_;
    PeerChannel directory_channel_;
    PeerChannel metadata_channel_;
    ClusterIdSearch cluster_id_search_;
    ControllerGateway gateway_;
    ProducerIdPool producer_ids_;
    TopicCreator topic_creator_;
    IsrUpdater isr_updater_;
    GroupMemory group_memory_;
    GroupCoordinators groups_;
    DataShards shards_;
    ClusterPeers cluster_peers_;
    std::unique_ptr<MetadataApplier> applier_;
    std::unique_ptr<ReplicaAssigner> assigner_;
    std::unique_ptr<MetadataFollower> follower_;
    std::unique_ptr<BrokerAgent> agent_;
    std::unique_ptr<ControllerRegistrar> registrar_;
    std::unique_ptr<ProducerExpiry> producer_expiry_;
    std::unique_ptr<Checkpointer> checkpointer_;
    std::unique_ptr<IsrWatch> isr_watch_;
    std::unique_ptr<OffsetCleaner> offset_cleaner_;
};

}  // namespace hw::broker
