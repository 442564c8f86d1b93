#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/key_table.h"
#include "config/settings.h"
#include "protocol/base/result.h"

namespace hw::config {

/// The settings of one topic or group itself, by name.
using Overrides = std::map<std::string, std::string, std::less<>>;

/// Where a value comes from; the numbers are those that DescribeConfigs carries (KIP-226).
enum class Source : std::int8_t {
    topic = 1,
    static_broker = 4,
    default_value = 5,
    group = 8,
};

/// A source of the value of a topic or group key, and the value there.
struct Candidate {
    std::string_view name;  ///< the key itself, or the broker key
    std::string value;      ///< as set there, in the unit of `name`
    Source source;
    std::int64_t factor = 1;  ///< from that unit to the key's
};

/// All sources of a value for `key`, a topic or group key, in order of precedence. Empty when only
/// its own default is left. `own` is the source of `overrides`.
[[nodiscard]] std::vector<Candidate> candidates_of(const Key& key, const Overrides& overrides,
                                                   Source own, const Settings& broker);

/// The value of the first of `candidates` in the key's unit, or the key's default.
[[nodiscard]] std::string effective_value(const Key& key, const std::vector<Candidate>& candidates);

/// The topic or group key that a user names. Errors: not_found, with a key that was perhaps meant.
[[nodiscard]] Result<const Key*> find_settable(Scope scope, std::string_view name);

/// Checks a value that a user sets. `use` says whether the key takes other values than its default.
/// Errors: invalid for a value that breaks the rule of the key; unsupported for one that would have
/// no effect.
[[nodiscard]] Result<void> check_value(const Key& key, std::string_view value, Use use);

/// The error for a value that breaks the rule of `key`.
[[nodiscard]] std::unexpected<Error> broken_rule(const Key& key, std::string_view value);

}  // namespace hw::config
