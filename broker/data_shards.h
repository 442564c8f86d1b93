#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "broker/api/handlers.h"
#include "broker/net/connection_manager.h"
#include "broker/replicas/cluster_peers.h"
#include "broker/replicas/flush_queue.h"
#include "broker/replicas/shard_fetchers.h"
#include "broker/replicas/shard_view.h"
#include "protocol/base/clock.h"
#include "protocol/base/entropy.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// The data shards of a broker. Each has the connections of some clients, with handlers and waiting
/// requests of its own.
///
/// Used on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class DataShards {
public:
    /// What all shards share. Must outlive them.
    struct Ports {
        BrokerId node_id;
        const Clock& clock;
        Shard& control;
        Logger log;
        Logger replica_log;
        const Authorizer& authorizer;
        Quotas& quotas;
        HostLimits limits;  ///< of one shard
        std::size_t fetch_session_slots;
        Entropy& entropy;
        Network& network;
        ShardFetchers::Options fetching;
        NodeServices services;
    };

    DataShards(const Ports& ports, const std::vector<Shard*>& places);
    ~DataShards();
    DataShards(const DataShards&) = delete;
    DataShards& operator=(const DataShards&) = delete;

    [[nodiscard]] std::vector<ShardView*> views();
    /// The flush queues by index of the shard; `other` for indexes of no data shard.
    [[nodiscard]] std::vector<FlushQueue*> flush_queues(FlushQueue& other);
    [[nodiscard]] std::vector<ConnectionManager*> hosts();
    [[nodiscard]] std::vector<ClusterPeers::ShardPlace> fetchers();

    /// Starts to serve connections.
    void start();
    /// Tells the fetchers of followers the epoch of this broker's registration.
    void set_broker_epoch(BrokerEpoch epoch);
    /// Waits until the requests already taken are answered, until `deadline`.
    [[nodiscard]] Task<> drain(TimePoint deadline);
    /// See ConnectionManager::take_requests.
    void take_requests();
    /// Closes all connections.
    [[nodiscard]] Task<> stop();
    /// Ends the fetches of followers.
    [[nodiscard]] Task<> stop_fetching();
    /// Waits until the shards have run what was posted to them before.
    [[nodiscard]] Task<> settle();

private:
    struct One;
    /// A task that runs on every shard.
    using Work = std::function<Task<>(One&)>;

    [[nodiscard]] Task<> on_all(Work work);
    [[nodiscard]] static Task<> run_on(One& one, const Work& work, Shard& control, Signal& done);

    Shard& control_;
    std::vector<std::unique_ptr<One>> shards_;
};

}  // namespace hw::broker
