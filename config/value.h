#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys/key.h"

/// Parsing and checking of values. Text becomes a typed value only here.
namespace hw::config {

/// `text` without leading and trailing blanks.
[[nodiscard]] std::string_view trim(std::string_view text);

/// The items between commas, trimmed; an empty text has none.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

/// A decimal number of at most 64 bits with an optional sign, blanks around it ignored.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// "true" or "false" in any case.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

/// The rule of `key` as a predicate: "must be a whole number of at least 1 (bytes)".
[[nodiscard]] std::string rule_of(const Key& key);

/// Whether `text` has the type of `key` and satisfies its rule.
[[nodiscard]] bool is_valid(const Key& key, std::string_view text);

/// Whether this version supports the valid value `text`; true for every value if the rule has no
/// `offered`.
[[nodiscard]] bool is_offered(const Key& key, std::string_view text);

/// Whether two valid texts are the same value: " 05" and "5", "a, b" and "a,b".
[[nodiscard]] bool same_value(const Key& key, std::string_view left, std::string_view right);

/// For messages: control characters are escaped, long texts are cut.
[[nodiscard]] std::string printable(std::string_view text);
/// The same for a value of `key`; a sensitive one is hidden.
[[nodiscard]] std::string shown(const Key& key, std::string_view text);

}  // namespace hw::config
