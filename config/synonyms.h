#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "config/key_table.h"

namespace hw::config {

/// A broker key that gives a topic or group key its default. The broker's value times `factor` is
/// that of the key, except for -1, which means "without end" in every unit.
struct Synonym {
    std::string_view broker_key;
    std::int64_t factor;
};

/// In order of precedence. Empty for keys that a broker has no default for.
[[nodiscard]] std::span<const Synonym> synonyms_of(std::string_view key);

/// The key of `scope` whose default `broker_key` gives; empty when there is none.
[[nodiscard]] std::string_view key_with_synonym(Scope scope, std::string_view broker_key);

}  // namespace hw::config
