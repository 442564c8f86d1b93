#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/base/random.h"
#include "replication/partition/partition_follower.h"
#include "replication/partition/partition_leader.h"

namespace hw::replication {

/// A partition of three replicas: the real cores of leader and follower, with logs in memory, a
/// small controller, and a network that delays, reorders and loses messages. Runs random events
/// and checks the rules of replication after each of them.
class PartitionWorld {
public:
    struct Options {
        std::uint64_t seed = 1;
        Durability durability = Durability::disk;
        std::int32_t min_insync_replicas = 1;
        LeaderMutants leader_mutants = {};
        FollowerMutants follower_mutants = {};
    };
    /// How often the rarer things have happened.
    struct Counts {
        int elections = 0;
        int truncations = 0;
        int joined = 0;     ///< accepted proposals that add a member
        int refused = 0;    ///< proposals that the controller has refused
        int withdrawn = 0;  ///< proposals of the committed ISR
        std::int64_t committed = 0;
    };

    explicit PartitionWorld(Options options);

    /// Runs `steps` random events. Returns the first broken rule; empty if there is none.
    [[nodiscard]] std::string run(int steps);
    /// No more faults: runs until all replicas are in sync and have the same committed log.
    [[nodiscard]] std::string heal();
    [[nodiscard]] const Counts& counts() const { return counts_; }

private:
    struct Record {
        LeaderEpoch epoch;
        int value = 0;

        bool operator==(const Record&) const = default;
    };
    struct Registration {
        BrokerEpoch epoch{0};
        bool fenced = false;
    };
    /// What the metadata log says at one version.
    struct Metadata {
        PartitionFacts facts;
        BrokerId leader;
        std::map<BrokerId, Registration> brokers;
    };
    struct Broker {
        bool runs = true;
        BrokerEpoch epoch;
        std::vector<Record> log;
        std::size_t durable = 0;
        storage::EpochCache epochs;
        std::size_t applied = 0;  ///< versions of the metadata
        Offset high_watermark{0};
        std::variant<std::monostate, PartitionLeader, PartitionFollower> role;
        bool fetching = false;
        int paused_until = 0;  ///< the process stands still until this step
    };
    struct FetchRequest {
        BrokerId from;
        BrokerEpoch broker_epoch;
        FetchPosition position;
    };
    struct FetchReply {
        BrokerId to;
        BrokerEpoch broker_epoch;
        FetchedPartition answer;
        std::vector<Record> records;
    };
    struct IsrRequest {
        BrokerId from;
        BrokerEpoch broker_epoch;
        IsrProposal proposal;
    };
    struct IsrReply {
        BrokerId to;
        BrokerEpoch broker_epoch;
        IsrAnswer answer;
    };
    using Message = std::variant<FetchRequest, FetchReply, IsrRequest, IsrReply>;

    struct Sent {
        int earliest_step = 0;  ///< when it may arrive
        Message message;
    };

    void step();
    void fault();
    [[nodiscard]] Broker& random_broker();
    [[nodiscard]] bool is_paused(const Broker& broker) const {
        return steps_ < broker.paused_until && !healing_;
    }
    [[nodiscard]] static BrokerId receiver(const Message& message);
    [[nodiscard]] BrokerId id_of(const Broker& broker) const;

    void produce(Broker& broker);
    void check_isr(Broker& broker);
    void sync(Broker& broker);
    void start_fetch(Broker& broker);
    void apply_metadata(Broker& broker);
    void take_role(Broker& broker, const Metadata& metadata);
    void send(Message message);
    void deliver_some();
    void deliver(std::size_t index);
    void lose(std::size_t index);
    void serve(const FetchRequest& request);
    [[nodiscard]] storage::EpochEnd end_of(const Broker& broker, const PartitionLeader& leader,
                                           LeaderEpoch epoch) const;
    void take(const FetchReply& reply);
    void take(const IsrReply& reply);
    void crash(Broker& broker);
    void start(Broker& broker);

    void decide(const IsrRequest& request);
    [[nodiscard]] IsrOutcome judge(const IsrRequest& request) const;
    void set_fenced(BrokerId id, bool fenced);
    void move_leadership(BrokerId id);
    void elect(Metadata& next);
    void publish(Metadata next, bool changes_partition);

    [[nodiscard]] FollowerLog log_of(const Broker& broker) const;
    [[nodiscard]] LogEnds ends_of(const Broker& broker) const;
    void cut(Broker& broker, std::size_t size);
    void append(Broker& broker, const Record& record);
    void apply(Broker& broker, const LeaderEffects& effects);
    void apply(Broker& broker, const FollowerEffects& effects);
    void note_watermark(Broker& broker);
    [[nodiscard]] std::string check() const;
    void fail(std::string rule);

    Options options_;
    Random random_;
    std::uint64_t calm_;  ///< one of so many events is a fault
    std::uint64_t pace_;  ///< of the network: how often a message arrives
    TimePoint now_{std::chrono::hours(1)};
    std::map<BrokerId, Broker> brokers_;
    std::deque<Metadata> metadata_;  ///< all versions; the last one is the controller's
    std::vector<Sent> network_;
    int steps_ = 0;
    std::vector<Record> committed_;
    std::string broken_;
    bool healing_ = false;  ///< nothing is produced any more
    Counts counts_;
    int next_value_ = 1;
    std::int64_t next_broker_epoch_ = 100;
};

}  // namespace hw::replication
