#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/network.h"
#include "protocol/base/time.h"
#include "test/sim/checker.h"
#include "test/sim/damage.h"
#include "test/sim/offset_judge.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_network.h"

namespace hw::sim {

/// The largest replication factor that a plan has.
inline constexpr std::int16_t kMaxReplicationFactor = 4;

/// Maximum number of partitions of the offsets topic.
inline constexpr std::int32_t kOffsetsPartitionsMax = 3;

/// The tag of the clients' machine. Those of the nodes are their ids.
inline constexpr NodeTag kClients = 100;

struct TopicPlan {
    std::string name;
    std::int32_t partitions = 1;
    std::int16_t replication_factor = 1;
    replication::Durability durability = replication::Durability::disk;
    std::map<std::string, std::string> configs;  ///< sent in the request that creates the topic
};

/// A partition. Its PartitionNumber is its index in Plan::partitions.
struct PartitionPlan {
    std::string topic;
    PartitionIndex index;
    PartitionFacts facts;
};

struct ProducerPlan {
    ProducerFacts facts;
    /// Sends a batch again until it is acknowledged.
    bool retries = true;
    std::uint64_t batch_records_max = 1;
    Duration pause_max{};
    Duration request_timeout{};
};

struct ReaderPlan {
    PartitionNumber partition;
    Millis wait_max;
    Duration pause_max{};
    std::int32_t bytes_max = 1;
    std::string rack;          ///< it reads at a replica there, if it can; empty: at the leader
    bool knows_epochs = true;  ///< false: as clients before KIP-320, it believes old metadata
};

/// The protocol of a group's members. `mixed`: each of their processes uses either.
enum class GroupKind : std::uint8_t { classic, consumer, mixed };

/// A group, and the partitions for which it commits offsets. Each of them is a register.
struct GroupPlan {
    std::string name;
    PartitionNumber coordinator;  ///< the partition of the offsets topic that has the group
    std::vector<std::pair<PartitionNumber, RegisterNumber>> registers;
    GroupKind kind = GroupKind::classic;
    bool has_cooperative = false;  ///< some of its classic members are cooperative (KIP-429)
    Duration protocol_phase{};     ///< how long those of a mixed group mostly choose one protocol
};

struct CommitterPlan {
    std::size_t group = 0;    ///< index in Plan::groups; some groups have two committers
    bool only_reads = false;  ///< members commit for its group
    Duration pause_max{};
    Duration request_timeout{};
};

/// A member of a group.
struct MemberPlan {
    std::size_t team = 0;   ///< number among the groups with members
    std::size_t group = 0;  ///< index in Plan::groups
    std::optional<std::string> instance;
    bool dies = false;                    ///< after the last fault, for good
    std::chrono::milliseconds session{};  ///< in a classic group
    std::chrono::milliseconds rebalance{};
    Duration request_timeout{};
};

/// How a life of a node's process ends.
enum class End : std::uint8_t {
    clean_stop,
    process_kill,
    power_loss,
    freeze_and_kill,           ///< the disk freezes between two operations, then a kill
    freeze_and_power_loss,     ///< the same, then a power loss
    sync_error,                ///< syncs fail, then a power loss shows what was not synced
    full_disk,                 ///< the disk is full for a while; the process is started repeatedly
    full_disk_and_power_loss,  ///< the same, but each of these processes ends with a power loss
};
[[nodiscard]] const char* name_of(End end);

/// A change of the wall clock of a node's machine.
struct WallJump {
    Duration after{};  ///< time since the start of the process
    Duration ahead{};  ///< how far the clock is then ahead of true time; negative: behind
};

/// A data directory fails while the process goes on. It is repaired before the next start.
struct DirectoryFailure {
    Duration after{};  ///< time since the start of the process
    std::string directory;
};

/// One life of a node's process: its length, its faults and its end.
struct LifePlan {
    Duration length{};  ///< from the start of the process; it may be too short to serve
    End end = End::clean_stop;
    DiskFaults disk;
    /// Number of disk operations after the end of `length` until the disk freezes.
    std::uint64_t freeze_after = 0;
    std::uint64_t sync_error_one_in = 1;
    /// Number of bytes that the disk takes after the end of `length`, and how long it stays full.
    std::uint64_t space_left = 0;
    Duration full_for{};
    std::optional<WallJump> wall_jump;
    std::optional<DamagePlan> damage;  ///< repaired after the life
    std::optional<DirectoryFailure> failed_directory;
    bool keeps_failed_directory = false;  ///< that of the life before; this one starts without it
    Duration down_for{};                  ///< from the end until the next start
};

/// A node: its roles, and the lives of its processes, one after the other.
struct NodePlan {
    NodeTag id = 1;
    bool is_controller = true;
    bool is_broker = true;
    /// Its data directories; the first has the metadata log of a controller.
    std::vector<std::string> directories = {"/data"};
    std::int64_t clock_rate = SimClock::kTrueRate;
    std::vector<LifePlan> lives;  ///< their lengths add up to a minute or more
};

/// A fault of the whole cluster. Faults overlap each other and the faults of the lives.
struct ClusterFault {
    Duration after{};  ///< since the begin of the lives
    Duration length{};
    std::string text;  ///< for the trace
    /// Directions of the network that pass nothing.
    std::vector<std::pair<NodeTag, NodeTag>> blocked;
    std::vector<NodeTag> paused;           ///< nodes whose processes are stopped (SIGSTOP)
    std::vector<NodeTag> without_power;    ///< nodes that lose their power at the begin
    std::optional<NetworkFaults> network;  ///< how the network behaves from now on
};

/// Everything that is drawn from the seed before a run begins.
struct Plan {
    bool has_faults = true;
    std::size_t data_shards = 1;
    /// One task on a replica in this many is deferred to a later turn; 0: none.
    std::uint64_t defer_one_in = 0;
    std::vector<TopicPlan> topics;
    std::vector<PartitionPlan> partitions;  ///< of `topics`, and of the offsets topic
    std::vector<ProducerPlan> producers;
    std::vector<ReaderPlan> readers;
    /// The topic of committed offsets, which the brokers create. Its partitions are the last of
    /// `partitions`.
    TopicPlan offsets_topic;
    std::vector<GroupPlan> groups;
    std::vector<CommitterPlan> committers;
    std::vector<std::size_t> teams;  ///< the groups with members, as indexes in `groups`
    std::vector<MemberPlan> members;
    std::chrono::milliseconds consumer_session{};  ///< of members of all consumer groups
    std::vector<NodePlan> nodes;
    std::vector<ClusterFault> faults;  ///< in the order of `after`
    /// The node of which a data directory fails after all other faults, and the directory.
    std::optional<std::pair<NodeTag, std::string>> last_failure;

    /// Milliseconds between the heartbeats in a stable consumer group; in others they are sooner.
    static constexpr std::int32_t kConsumerInterval = 1000;

    /// The addresses and settings of its nodes, as a property file for one of them.
    [[nodiscard]] std::string properties(const NodePlan& node) const;
    [[nodiscard]] std::size_t controllers() const;
    [[nodiscard]] std::size_t broker_count() const;
    [[nodiscard]] std::vector<Endpoint> brokers() const;  ///< the addresses for clients
    /// The brokers are in two racks.
    [[nodiscard]] static std::string rack(NodeTag id) { return fmt::format("rack-{}", id % 2); }
};

[[nodiscard]] Plan draw_plan(std::uint64_t seed);

}  // namespace hw::sim
