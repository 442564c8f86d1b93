#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/network.h"

namespace hw::controller {

/// Levels of a feature that a node can work with, both included (KIP-584).
struct FeatureRange {
    std::int16_t low = 0;
    std::int16_t high = 0;

    bool operator==(const FeatureRange&) const = default;
    [[nodiscard]] bool contains(std::int16_t level) const { return low <= level && level <= high; }
};

using FeatureRanges = std::map<std::string, FeatureRange, std::less<>>;

/// Where a node is reached on one of its listeners.
struct NodeEndpoint {
    Endpoint address;
    std::int16_t security_protocol = 0;  ///< 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL

    bool operator==(const NodeEndpoint&) const = default;
};

/// By the listener's name.
using NodeEndpoints = std::map<std::string, NodeEndpoint, std::less<>>;

/// A broker's registration.
struct BrokerImage {
    BrokerId id;
    BrokerEpoch epoch;
    Offset registered_at = kNoOffset;  ///< of its newest registration record
    IncarnationId incarnation;         ///< one run of the process
    bool fenced = true;
    bool in_controlled_shutdown = false;  ///< KIP-841
    std::string rack;                     ///< empty: none
    NodeEndpoints endpoints;
    FeatureRanges features;
    std::vector<DirectoryId> log_dirs;  ///< those online (KIP-858)
    /// Directories that take no new partitions (KIP-1066); nothing until the broker has said.
    std::optional<std::vector<DirectoryId>> cordoned_log_dirs;

    bool operator==(const BrokerImage&) const = default;

    /// May lead partitions and be given new ones.
    [[nodiscard]] bool is_active() const { return !fenced && !in_controlled_shutdown; }
};

/// A controller's registration (KIP-919).
struct ControllerImage {
    BrokerId id;
    IncarnationId incarnation;
    NodeEndpoints endpoints;
    FeatureRanges features;

    bool operator==(const ControllerImage&) const = default;
};

}  // namespace hw::controller
