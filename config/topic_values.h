#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace hw::config {

/// The settings of one topic itself, by name.
using Overrides = std::map<std::string, std::string, std::less<>>;

/// Where a value comes from; the numbers are those that DescribeConfigs carries (KIP-226).
enum class Source : std::int8_t {
    topic = 1,
    static_broker = 4,
    default_value = 5,
};

/// A source of a topic key's value, and the value there.
struct Candidate {
    std::string_view name;  ///< the topic key itself, or the broker key
    std::string value;      ///< as set there, in the unit of `name`
    Source source;
    std::int64_t factor = 1;  ///< from that unit to the topic key's
};

/// All sources of a value for `topic_key`, in order of precedence. Empty when only the topic key's
/// own default is left.
[[nodiscard]] std::vector<Candidate> candidates_of(const Key& topic_key, const Overrides& overrides,
                                                   const Settings& broker);

/// The value of the first of `candidates` in the topic key's unit, or the topic key's default.
[[nodiscard]] std::string effective_value(const Key& topic_key,
                                          const std::vector<Candidate>& candidates);

}  // namespace hw::config
