#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/quorum.h"

namespace hw::config {

/// When a record counts as replicated: once it is on the replica's stable storage, or in its
/// memory.
enum class Durability : std::uint8_t { disk, memory };

/// How much of a produced batch is checked: its records too, or its header and checksum only.
enum class ProduceValidation : std::uint8_t { full, header };

struct NodeConfig {
    BrokerId id;
    Roles roles;
    std::chrono::milliseconds broker_session_timeout;
    std::chrono::milliseconds broker_heartbeat_interval;
};

struct ConnectionConfig {
    std::int32_t request_max_bytes;
    /// Nothing: idle connections are never closed.
    std::optional<std::chrono::milliseconds> idle_max;
    std::size_t fetch_session_slots;
};

struct StorageConfig {
    std::vector<std::string> log_dirs;  ///< at least one, all different
    std::string metadata_log_dir;       ///< one of log_dirs, or another one
    /// How long a broker may fail to tell the controller of a failed directory before it ends.
    std::chrono::milliseconds directory_failure_timeout;
    std::chrono::milliseconds disk_stall;

    /// log_dirs and metadata_log_dir, each once.
    [[nodiscard]] std::vector<std::string> directories() const;
};

/// Defaults for creating topics. The defaults of a topic's own keys are in topic_config.h.
struct TopicCreationConfig {
    std::int32_t partitions;
    /// Nothing: three, or the number of live brokers if that is smaller.
    std::optional<std::int16_t> replication_factor;
    bool is_automatic;  ///< a request for an unknown topic creates it
};

/// How followers fetch, and when they are too slow for the ISR.
struct ReplicationConfig {
    std::chrono::milliseconds lag_time_max;
    std::optional<std::int64_t> lag_messages_max;  ///< none: no limit
    std::int32_t fetch_max_bytes;
    std::int32_t fetch_response_max_bytes;
    std::chrono::milliseconds fetch_wait_max;
    std::chrono::milliseconds socket_timeout;
};

/// How the controller elects leaders.
struct ElectionConfig {
    bool is_unclean;  ///< from outside the in-sync replicas, for topics that do not set it
    /// Time between checks that give partitions back to preferred leaders; nothing: never.
    std::optional<std::chrono::milliseconds> balance_interval;
};

/// How the topic of committed offsets is created (`offsets.topic.*`).
struct OffsetsTopicConfig {
    std::int32_t partitions;
    /// Nothing: as many as for other topics.
    std::optional<std::int16_t> replication_factor;
    std::int32_t segment_bytes;
};

/// Groups of the consumer protocol (KIP-848).
struct ConsumerGroupConfig {
    std::chrono::milliseconds session;
    std::chrono::milliseconds heartbeat_interval;
    std::chrono::milliseconds heartbeat_interval_min;
    std::int32_t size_max;               ///< members of a group
    std::vector<std::string> assignors;  ///< at least one, the default first
    // Whether groups that have members may change between the protocols.
    bool may_upgrade;    ///< from the classic to the consumer protocol
    bool may_downgrade;  ///< from the consumer to the classic protocol
};

/// The coordinator of consumer groups.
struct GroupCoordinatorConfig {
    OffsetsTopicConfig offsets_topic;
    std::int32_t offset_metadata_max;  ///< in UTF-16 units, as Kafka counts
    std::chrono::milliseconds commit_timeout;
    std::chrono::milliseconds retention;  ///< of the offsets of an empty group
    std::chrono::milliseconds retention_check_interval;
    // Of classic groups.
    std::chrono::milliseconds session_min;
    std::chrono::milliseconds session_max;
    std::chrono::milliseconds initial_delay;  ///< of the first rebalance of a group
    std::int32_t size_max;                    ///< members of a group
    ConsumerGroupConfig consumer;
};

struct ProduceConfig {
    ProduceValidation validation;
    std::chrono::milliseconds producer_id_expiration;
    std::chrono::milliseconds producer_expiry_interval;
};

/// The configuration of one node: typed, checked, immutable, free to share between threads. A time
/// span may be as long as 2^63-1 ms, which is more than Duration holds.
struct BrokerConfig {
    NodeConfig node;
    NetworkConfig network;
    ConnectionConfig connections;
    QuorumConfig quorum;
    StorageConfig storage;
    TopicCreationConfig topic_creation;
    ReplicationConfig replication;
    ElectionConfig election;
    ProduceConfig produce;
    GroupCoordinatorConfig groups;
    /// In bytes. Nothing: a share of the memory of the machine or container.
    std::optional<std::int64_t> memory_limit;
    Settings settings;  ///< every key with its value and where it comes from
};

/// The result of loading a configuration. `config` is set exactly when `problems` has no error.
struct LoadedConfig {
    std::optional<BrokerConfig> config;
    Problems problems;
};

/// Parses and checks all of `input`, and reports all problems at once. Does no I/O.
[[nodiscard]] LoadedConfig load_broker_config(const BrokerInput& input);

}  // namespace hw::config
