#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "test/sim/checker.h"
#include "test/sim/damage.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_network.h"

namespace hw::sim {

struct TopicPlan {
    std::string name;
    std::int32_t partitions = 1;
    replication::Durability durability = replication::Durability::disk;
    std::map<std::string, std::string> configs;  ///< of the request that creates it
};

/// A partition, numbered by its place in Plan::partitions.
struct PartitionPlan {
    std::string topic;
    PartitionIndex index;
    replication::Durability durability = replication::Durability::disk;
};

struct ProducerPlan {
    ProducerBatchInfo facts;
    /// Sends a batch again until it is acknowledged.
    bool retries = true;
    std::uint64_t batch_records_most = 1;
    Duration pause_most{};
    Duration request_timeout{};
};

struct ReaderPlan {
    PartitionNumber partition;
    Millis wait_most;
    Duration pause_most{};
    std::int32_t bytes_most = 1;
};

/// How a life of the broker's process ends.
enum class End : std::uint8_t {
    clean_stop,
    process_kill,
    power_loss,
    freeze_and_kill,           ///< between two operations on the disk
    freeze_and_power_loss,     ///< the same, then a power loss
    sync_error,                ///< then a power loss, as the page cache differs from the disk
    full_disk,                 ///< for a while, with repeated starts of the process
    full_disk_and_power_loss,  ///< the same, but each of these processes ends with a power loss
};
[[nodiscard]] const char* name_of(End end);

/// A change of the wall clock of the broker's machine.
struct WallJump {
    Duration after{};  ///< the start of the process
    Duration ahead{};  ///< of the true time; negative: behind it
};

/// One life of the broker's process: its length, its faults and its end.
struct LifePlan {
    Duration length{};  ///< from the start of the process; may end before it serves
    End end = End::clean_stop;
    DiskFaults disk;
    NetworkFaults network;
    /// Operations on the disk until it freezes, from the end of `length` on.
    std::uint64_t freeze_after = 0;
    std::uint64_t sync_error_one_in = 1;
    /// Bytes that the disk still takes, from the end of `length` on, and how long it stays full.
    std::uint64_t space_left = 0;
    Duration full_for{};
    std::optional<WallJump> wall_jump;
    std::optional<DamagePlan> damage;  ///< repaired when the life has ended
};

/// All of a run that is drawn from the seed before it begins.
struct Plan {
    bool has_faults = true;
    std::size_t data_shards = 1;
    /// One piece of work on a replica in this many is deferred to a later turn; 0: none.
    std::uint64_t defer_one_in = 0;
    std::vector<TopicPlan> topics;
    std::vector<PartitionPlan> partitions;
    std::vector<ProducerPlan> producers;
    std::vector<ReaderPlan> readers;
    /// Together a minute or more.
    std::vector<LifePlan> lives;
};

[[nodiscard]] Plan draw_plan(std::uint64_t seed);

}  // namespace hw::sim
