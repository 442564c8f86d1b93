#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "protocol/base/time.h"

namespace hw::broker {

/// Rules that a simulation breaks on purpose; none by default.
struct ConsumerMutants {
    bool gives_held_partitions = false;
    bool forgets_revoking = false;
    bool takes_old_epochs = false;
    bool takes_old_heartbeats = false;
    bool keeps_silent_members = false;
    bool forgets_instances = false;
    bool forgets_classic_parts = false;
    bool takes_back_removed = false;
};

/// How the groups of a coordinator work.
struct ConsumerRules {
    Duration session_timeout{};
    Duration heartbeat_interval{};         ///< in a stable group
    Duration reconciling_interval{};       ///< while members are on the way to their targets
    std::size_t max_size = 0;              ///< members
    std::vector<std::string> assignors{};  ///< offered; the first is the default
    ConsumerMutants mutants = {};
};

/// What differs from group to group; the rules have the defaults.
struct ConsumerTimes {
    Duration session_timeout{};
    Duration heartbeat_interval{};  ///< in a stable group
};

[[nodiscard]] inline ConsumerTimes times_of(const ConsumerRules& rules) {
    return {rules.session_timeout, rules.heartbeat_interval};
}

}  // namespace hw::broker
