#pragma once

#include <chrono>
#include <string_view>

#include "config/overrides.h"
#include "protocol/base/result.h"

namespace hw::config {

/// The settings of one group: typed, within the broker's bounds, immutable.
struct GroupConfig {
    std::chrono::milliseconds consumer_session;
    std::chrono::milliseconds consumer_heartbeat_interval;
};

/// The settings of a group with `overrides` on a broker with `broker`. The bounds of the broker,
/// such as group.consumer.min.session.timeout.ms, hold for overrides only, and may have changed
/// since these were set: a value out of bounds counts as the nearest bound, as in Kafka. Overrides
/// that are not valid, or of names that are not group keys, are ignored: another version may have
/// written them.
[[nodiscard]] GroupConfig make_group_config(const Overrides& overrides, const Settings& broker);

/// Reports bounds of the broker for the values of groups that contradict each other.
void check_group_bounds(const Settings& broker, Problems& problems);

/// Whether a user may set `name` to `value` on a group. Errors, each a sentence for that user:
/// not_found for a name that is not a group key; invalid, also for a value out of the bounds of
/// the broker; unsupported for a value other than the default of a key that is not built yet.
[[nodiscard]] Result<void> check_group_setting(std::string_view name, std::string_view value,
                                               const Settings& broker);

/// Whether a group may have all of `overrides` together, each of which is valid. Errors: invalid.
[[nodiscard]] Result<void> check_group_overrides(const Overrides& overrides,
                                                 const Settings& broker);

}  // namespace hw::config
