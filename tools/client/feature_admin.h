#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/client/client.h"

/// Requests to the cluster about its features (KIP-584).
namespace hw::client {

/// A feature as the broker of the client tells it.
struct FeatureView {
    std::string name;
    std::int16_t finalized = 0;  ///< the level of the cluster
    std::int16_t lowest = 0;     ///< that the broker supports
    std::int16_t highest = 0;
};

/// All features that the broker supports or that the cluster has finalized, by name. The levels of
/// a broker with an old ApiVersions begin with 1 instead of 0. Errors: those of Client::call;
/// unsupported (the broker is older than features).
[[nodiscard]] Result<std::vector<FeatureView>> describe_features(Client& client);

/// The numbers are those on the wire (KIP-778).
enum class FeatureUpdateType : std::int8_t { upgrade = 1, safe_downgrade = 2 };

struct FeatureLevel {
    std::string name;
    std::int16_t level = 0;
};

struct FeatureUpdates {
    std::vector<FeatureLevel> levels;
    FeatureUpdateType type = FeatureUpdateType::upgrade;
    bool is_dry_run = false;  ///< the cluster checks the updates, and makes none
};

/// Finalizes all these levels or none, and waits until the broker of this client shows them.
/// Errors: those of Client::call; io (the controller refuses a level, with the reason); invalid (a
/// feature twice); permission; busy (no controller within the timeout).
[[nodiscard]] Result<void> update_features(Client& client, const FeatureUpdates& updates);

}  // namespace hw::client
