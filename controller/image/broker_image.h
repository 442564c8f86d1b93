#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/network.h"

namespace hw::controller {

/// The levels of a feature that a node supports, both included (KIP-584).
struct FeatureRange {
    std::int16_t low = 0;
    std::int16_t high = 0;

    bool operator==(const FeatureRange&) const = default;
    [[nodiscard]] bool contains(std::int16_t level) const { return low <= level && level <= high; }
};

using FeatureRanges = std::map<std::string, FeatureRange, std::less<>>;

/// Address of one listener of a node.
struct NodeEndpoint {
    Endpoint address;
    std::int16_t security_protocol = 0;  ///< 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL

    bool operator==(const NodeEndpoint&) const = default;
};

/// The endpoints of a node, by listener name.
using NodeEndpoints = std::map<std::string, NodeEndpoint, std::less<>>;

/// Registration of a broker.
struct BrokerImage {
    BrokerId id;
    BrokerEpoch epoch;
    /// What it must have applied to be unfenced: its newest registration, or its last fencing with
    /// the elections that came with it. So a broker with a session knows what it no longer leads.
    Offset catch_up_to = kNoOffset;
    IncarnationId incarnation;  ///< identifies one run of the broker process
    bool fenced = true;
    bool in_controlled_shutdown = false;  ///< KIP-841
    std::string rack;                     ///< empty: none
    NodeEndpoints endpoints;
    FeatureRanges features;
    std::vector<DirectoryId> log_dirs;  ///< online log directories (KIP-858)
    /// Directories that take no new partitions (KIP-1066); nothing until the broker reports them.
    std::optional<std::vector<DirectoryId>> cordoned_log_dirs;

    bool operator==(const BrokerImage&) const = default;

    /// True if the broker may lead partitions and get new ones.
    [[nodiscard]] bool is_active() const { return !fenced && !in_controlled_shutdown; }
};

/// Registration of a controller (KIP-919).
struct ControllerImage {
    BrokerId id;
    IncarnationId incarnation;
    NodeEndpoints endpoints;
    FeatureRanges features;

    bool operator==(const ControllerImage&) const = default;
};

}  // namespace hw::controller
