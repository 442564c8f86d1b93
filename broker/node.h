#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "broker/api/api_services.h"
#include "broker/net/acceptor.h"
#include "broker/net/connection_host.h"
#include "protocol/base/clock.h"
#include "protocol/base/entropy.h"
#include "protocol/base/logger.h"
#include "protocol/base/network.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// One entry of `listeners`, before it is bound.
struct ListenerOptions {
    std::string name;
    ListenerRole role = ListenerRole::broker;
    Endpoint bind;
};

struct NodeOptions {
    BrokerId id{1};
    std::string cluster_id;
    std::vector<ListenerOptions> listeners;
    std::size_t connections_max = 10'000;
    std::size_t memory_limit = std::size_t{1} << 30;  ///< highwater.memory.limit, in bytes
    ConnectionLimits connection_limits;
};

/// The powers a node is given: of the operating system, or of the simulated world. They outlive it.
struct NodePorts {
    const Clock& clock;
    Entropy& entropy;
    Network& network;
    LogSink& log;
    Shard& control;
    std::vector<Shard*> data;  ///< at least one; may be the control shard itself
};

/// A broker and its controller: the composition root, where options become objects and objects are
/// connected. Several nodes live in one process.
///
/// Entered on the control shard. `stop` must have ended before it is destroyed.
class Node {
public:
    Node(NodeOptions options, NodePorts ports);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Binds the listeners and serves. Errors: of Network::listen, with the key to change.
    [[nodiscard]] Task<Result<void>> start();
    /// Ends listeners and connections on every shard.
    [[nodiscard]] Task<> stop();

    /// What is listened on, with the ports that were really taken; valid after start.
    [[nodiscard]] std::vector<ListenerInfo> listeners() const;

private:
    /// What one data shard has of its own.
    struct DataShard;

    [[nodiscard]] Result<void> bind_listeners();
    [[nodiscard]] std::shared_ptr<const controller::MetadataImage> initial_image() const;
    [[nodiscard]] static Task<> stop_shard(DataShard& shard, Shard& control, Signal& stopped);

    NodeOptions options_;
    NodePorts ports_;
    Logger log_;
    ConnectionCount connections_;
    std::vector<std::unique_ptr<DataShard>> shards_;
    std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

}  // namespace hw::broker
