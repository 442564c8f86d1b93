#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys/key.h"

/// Values are texts until here; a text becomes a typed value in this file only.
namespace hw::config {

/// Without blanks at both ends.
[[nodiscard]] std::string_view trim(std::string_view text);

/// The items between commas, trimmed; an empty text has none.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

/// Decimal digits with an optional sign, blanks around them; nothing else, nothing beyond 64 bits.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// "true" or "false" in any case.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

/// The rule of `key` as it goes on after the key: "must be a whole number of at least 1 (bytes)".
[[nodiscard]] std::string rule_of(const Key& key);

/// Whether `text` is of the type of `key` and keeps its rule.
[[nodiscard]] bool is_valid(const Key& key, std::string_view text);

/// Whether a valid `text` is among what is built; every value of a rule without `offered` is.
[[nodiscard]] bool is_offered(const Key& key, std::string_view text);

/// Whether two valid texts are the same value: " 05" and "5", "a, b" and "a,b".
[[nodiscard]] bool same_value(const Key& key, std::string_view left, std::string_view right);

/// For messages: control characters escaped, long texts cut, sensitive ones hidden.
[[nodiscard]] std::string printable(std::string_view text);
[[nodiscard]] std::string shown(const Key& key, std::string_view text);

}  // namespace hw::config
