#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/api/api_services.h"
#include "broker/coordinator/group/group_coordinators.h"
#include "broker/net/connection_manager.h"
#include "broker/replicas/flush_queue.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_shard.h"
#include "test/support/forbidding.h"
#include "test/unit/data/client.h"

namespace hw::broker {

inline constexpr BrokerId kSelf{1};
inline constexpr BrokerId kOther{2};
inline constexpr BrokerEpoch kOtherEpoch{102};

/// Defers all work that could run at once, or half of it as the seed decides, or none.
class Coin final : public DeferPolicy {
public:
    enum class Side : std::uint8_t { never, by_seed, always };

    explicit Coin(Random& random) : random_(random) {}
    bool defer() override {
        return side == Side::always || (side == Side::by_seed && random_.chance(1, 2));
    }

    Side side = Side::by_seed;

private:
    Random& random_;
};

/// There are no other nodes that could be asked.
class NoPeers final : public ReplicaPeers {
public:
    void may_fetch(const ReplicaPtr& /*replica*/, BrokerId /*leader*/) override {}
    void change_isr(const ReplicaPtr& /*replica*/, replication::IsrProposal /*proposal*/) override {
    }
};

/// One data shard of the server, with the objects that a node has for it.
struct DataShard {
    struct Ports {
        sim::Scheduler& scheduler;
        const Clock& clock;
        LogSink& log;
        Entropy& entropy;
    };
    DataShard(const Ports& ports, std::size_t index, const HostLimits& limits);

    sim::SimShard shard;
    DelayedRequests delayed;
    ApiServices services;
    test::ForbiddingAuthorizer authorizer;
    NoQuotas quotas;
    Dispatcher dispatcher{authorizer, quotas};
    ConnectionManager host;
    FlushQueue flush_queue;
};

/// Metadata of partition 0 of a topic, and options of its replica.
struct PartitionSpec {
    std::string topic = "t";
    bool internal = false;
    BrokerId leader = kSelf;
    std::vector<BrokerId> replicas = {kSelf};
    std::vector<BrokerId> isr = {kSelf};
    replication::PartitionOptions options = {};
};

/// A server with two data shards and one simulated disk, and its clients.
struct World {
    explicit World(std::uint64_t seed = 1, const HostLimits& limits = {});
    ~World();

    /// Adds partition 0 of a new topic to the metadata, and opens its replica.
    void add(const PartitionSpec& spec);
    /// Opens the replica of a partition that is in the metadata.
    void host(const PartitionSpec& spec);
    /// Adds partition 0 of a new topic to the metadata only.
    void publish(const PartitionSpec& spec);
    void publish(std::shared_ptr<const controller::MetadataImage> next);
    /// Runs `work` in the guard of partition 0, and waits for its end.
    void enter(const std::string& topic, std::function<void(replication::PartitionReplica&)> work);
    /// Occupies the guard of partition 0, so that the next request runs on `home`, not on its
    /// shard.
    void occupy(const std::string& topic);
    [[nodiscard]] std::size_t fetch_waits(const std::string& topic);
    void set_rack(BrokerId broker, std::string rack);
    /// Forbids the operation on every shard.
    void forbid(Operation operation, const Resource& resource);
    [[nodiscard]] TopicId id_of(const std::string& topic) const;
    [[nodiscard]] ReplicaPtr replica(const std::string& topic);

    Client& connect(std::size_t shard = 0);
    /// Appends one batch with acks=all and checks that it succeeds.
    void append(const BatchShape& shape, const std::string& topic = "t");

    bool run_until(const std::function<bool()>& done);
    void run_for(Duration span);

    sim::Scheduler scheduler;
    sim::SimDisk disk;
    sim::SimClock clock;
    sim::SimEntropy entropy;
    Coin coin;
    sim::SimShard home;
    sim::SimShard away;  ///< the shard of the clients
    std::array<std::unique_ptr<DataShard>, 2> shards;
    ListenerInfo listener{
        .name = "PLAINTEXT", .role = ListenerRole::broker, .bound = {}, .advertised = {}};
    FlushQueue home_queue;
    storage::LogDirectory directory;
    NoPeers peers;
    HostedReplica::Services replica_services;
    config::Settings settings;
    std::shared_ptr<const controller::MetadataImage> image;
    GroupCoordinators groups;
    std::vector<std::unique_ptr<Client>> clients;

private:
    ReplicaPtr open(const PartitionSpec& spec);
    Task<> stop(bool& stopped);
    static Task<> stop_shard(DataShard& shard, bool& stopped);
};

}  // namespace hw::broker
