#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/quorum.h"

namespace hw::config {

/// When a record counts as replicated: on stable storage of the replica, or in its memory.
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
    std::int32_t request_bytes_max;
    /// Nothing: a connection may be idle without end.
    std::optional<std::chrono::milliseconds> idle_max;
};

struct StorageConfig {
    std::vector<std::string> log_dirs;  ///< at least one, no two the same
    std::string metadata_log_dir;       ///< one of them, or one of its own
    std::chrono::milliseconds disk_stall;

    /// All of them, each once.
    [[nodiscard]] std::vector<std::string> directories() const;
};

/// How a topic is made that says nothing itself. What a topic's own keys default to is in
/// topic_config.h.
struct TopicCreationConfig {
    std::int32_t partitions;
    /// Nothing: three, or one a live broker in a smaller cluster.
    std::optional<std::int16_t> replication_factor;
    bool is_automatic;  ///< asking for an unknown topic creates it
};

struct ProduceConfig {
    ProduceValidation validation;
    std::chrono::milliseconds producer_id_expiration;
    std::chrono::milliseconds producer_expiry_interval;
};

/// What one node is told at its start: typed, checked, immutable, free to share between threads.
/// Spans may be as long as 2^63-1 ms, which is more than Duration holds.
struct BrokerConfig {
    NodeConfig node;
    NetworkConfig network;
    ConnectionConfig connections;
    QuorumConfig quorum;
    StorageConfig storage;
    TopicCreationConfig topic_creation;
    ProduceConfig produce;
    /// In bytes; nothing: a share of what the machine or container has.
    std::optional<std::int64_t> memory_limit;
    Settings settings;  ///< every key with its value and where it comes from
};

/// `config` is there exactly when `problems` has no error.
struct LoadedConfig {
    std::optional<BrokerConfig> config;
    Problems problems;
};

/// Reads everything and reports all that is wrong at once. Does no I/O.
[[nodiscard]] LoadedConfig load_broker_config(const BrokerInput& input);

}  // namespace hw::config
