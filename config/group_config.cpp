#include "config/group_config.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "config/key_table.h"
#include "config/value.h"
#include "protocol/base/assert.h"

namespace hw::config {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kSession = "consumer.session.timeout.ms";
constexpr std::string_view kHeartbeat = "consumer.heartbeat.interval.ms";

/// The broker keys that bound the values of a group key.
struct BoundedKey {
    std::string_view name;
    std::string_view min;
    std::string_view max;
};

constexpr BoundedKey kBoundedKeys[] = {
    {kSession, "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {kHeartbeat, "group.consumer.min.heartbeat.interval.ms",
     "group.consumer.max.heartbeat.interval.ms"},
};

const BoundedKey* find_bounds(std::string_view name) {
    const auto* const found = std::ranges::find(kBoundedKeys, name, &BoundedKey::name);
    return found == std::end(kBoundedKeys) ? nullptr : found;
}

std::int64_t integer(const Settings& broker, std::string_view name) {
    const auto value = broker.integer(name);
    HW_ASSERT(value.has_value());
    return *value;
}

milliseconds span(std::string_view name, const Overrides& overrides, const Settings& broker) {
    const Key* const key = find_key(Scope::group, name);
    const BoundedKey* const bounds = find_bounds(name);
    HW_ASSERT(key != nullptr);
    HW_ASSERT(bounds != nullptr);
    const auto own = overrides.find(name);
    if (own != overrides.end() && is_valid(*key, own->second)) {
        const std::int64_t at_least =
            std::max(*parse_integer(own->second), integer(broker, bounds->min));
        return milliseconds(std::min(at_least, integer(broker, bounds->max)));
    }
    const auto normal =
        parse_integer(effective_value(*key, candidates_of(*key, {}, Source::group, broker)));
    HW_ASSERT(normal.has_value());
    return milliseconds(*normal);
}

}  // namespace

GroupConfig make_group_config(const Overrides& overrides, const Settings& broker) {
    return {.consumer_session = span(kSession, overrides, broker),
            .consumer_heartbeat_interval = span(kHeartbeat, overrides, broker)};
}

Result<void> check_group_setting(std::string_view name, std::string_view value,
                                 const Settings& broker) {
    HW_TRY(key, find_settable(Scope::group, name));
    const BoundedKey* const bounds = find_bounds(name);
    if (bounds == nullptr) {
        return check_value(*key, value, key->use);
    }
    Key bounded = *key;
    bounded.rule = between(integer(broker, bounds->min), integer(broker, bounds->max));
    if (!is_valid(bounded, value)) {
        return fail(ErrorKind::invalid,
                    "{}={} {}; these bounds are {} and {} in the configuration of the controllers",
                    name, shown(*key, value), rule_of(bounded), bounds->min, bounds->max);
    }
    return {};
}

void check_group_bounds(const Settings& broker, Problems& problems) {
    for (const BoundedKey& key : kBoundedKeys) {
        if (broker.is_broken(key.min) || broker.is_broken(key.max)) {
            continue;
        }
        const std::int64_t min = integer(broker, key.min);
        const std::int64_t max = integer(broker, key.max);
        if (min > max && broker.mentions(key.max)) {
            broker.complain(problems, key.max,
                            fmt::format("must be at least {} ({})", key.min, min));
        } else if (min > max) {
            broker.complain(problems, key.min,
                            fmt::format("must be at most {} ({})", key.max, max));
        }
    }
}

Result<void> check_group_overrides(const Overrides& overrides, const Settings& broker) {
    if (!overrides.contains(kSession) && !overrides.contains(kHeartbeat)) {
        return {};
    }
    const GroupConfig group = make_group_config(overrides, broker);
    if (group.consumer_heartbeat_interval >= group.consumer_session) {
        return fail(ErrorKind::invalid,
                    "{} ({}) must be less than {} ({}), or members are removed between their "
                    "heartbeats; lower the first or raise the second",
                    kHeartbeat, group.consumer_heartbeat_interval.count(), kSession,
                    group.consumer_session.count());
    }
    return {};
}

}  // namespace hw::config
