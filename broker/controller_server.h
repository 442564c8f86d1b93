#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/api/api_services.h"
#include "broker/net/connection_manager.h"
#include "broker/net/local_transport.h"
#include "broker/quorum/broker_watch.h"
#include "broker/quorum/controller_runtime.h"
#include "broker/quorum/quorum_peers.h"
#include "config/settings.h"
#include "controller/quorum_controller.h"
#include "replication/raft/raft_node.h"

namespace hw::broker {

struct ControllerServerOptions {
    std::string cluster_id;
    controller::ControllerOptions controller;
    replication::RaftOptions raft;
    std::string listener;  ///< name of the controller listener that other nodes connect to
    HostLimits limits;
};

/// The metadata log and the election state, as read from disk.
struct MetadataLog {
    storage::LogDirectory* directory = nullptr;
    storage::LogContents contents;
    replication::ElectionState election;
    controller::InitialFeatures initial_features;  ///< that a new cluster starts with
};

/// The controller role of a node: raft node, controller, the watch on brokers, and the connections
/// of its listeners, all on the control shard.
///
/// Owned by the node; `stop` must have ended before it is destroyed.
class ControllerServer {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Entropy& entropy;
        storage::Disk& disk;
        Logger log;
        const controller::ConfigRules& config_rules;
        const Authorizer& authorizer;
        Quotas& quotas;
        const config::Settings& settings;
        Network& network;
    };

    ControllerServer(const Ports& ports, ControllerServerOptions options, MetadataLog metadata);
    ControllerServer(const ControllerServer&) = delete;
    ControllerServer& operator=(const ControllerServer&) = delete;

    /// Joins the quorum and serves. `tell_end` is called when the controller has failed.
    void start(std::function<void(const Error&)> tell_end);
    /// `call` is called with each new committed image, and when the leader of the quorum changes.
    void on_image(ControllerRuntime::Publish call) { tell_image_ = std::move(call); }
    /// Waits until the first record is committed, the log fails, or `deadline` has passed. In the
    /// first case the quorum has a leader.
    [[nodiscard]] Task<> wait_for_leader(TimePoint deadline) {
        return raft_->wait_committed(Offset(0), deadline);
    }
    /// The newest committed metadata that this controller has.
    [[nodiscard]] const controller::MetadataImage& image() const { return *services_.image; }
    [[nodiscard]] LeaderEpoch epoch() const { return raft_->core().epoch(); }
    [[nodiscard]] const replication::RaftNode& raft() const { return *raft_; }
    /// Gives up the leadership of the quorum, if this node has it.
    [[nodiscard]] Task<> resign() { return raft_->resign(); }
    [[nodiscard]] Task<> stop();

    /// Serves the connections of the controller listeners.
    [[nodiscard]] ConnectionManager& host() { return host_; }
    /// Connects this node to its own controller `listener`, inside the process.
    [[nodiscard]] std::unique_ptr<Transport> connect(const ListenerInfo& listener);
    /// Call after `stop`.
    [[nodiscard]] storage::ClosingLog closing_log() { return raft_->closing_log(); }

private:
    void add_handlers(const ControllerServerOptions& options, const Ports& ports);

    Shard& shard_;
    const Clock& clock_;
    DelayedRequests delayed_;
    ApiServices services_;  ///< of the controller's listeners
    ControllerRuntime::Publish tell_image_;
    QuorumPeers peers_;
    std::shared_ptr<replication::RaftNode> raft_;
    ControllerRuntime runtime_;
    BrokerWatch watch_;  ///< outlives the connections of host_
    Dispatcher dispatcher_;
    ConnectionManager host_;
};

}  // namespace hw::broker
