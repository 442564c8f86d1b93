#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hw::config {

/// A broker key that gives a topic key its default. The broker's value times `factor` is the
/// topic's value, except for -1, which means "without end" in every unit.
struct Synonym {
    std::string_view broker_key;
    std::int64_t factor;
};

/// In order of precedence. Empty for topic keys that a broker has no default for.
[[nodiscard]] std::span<const Synonym> synonyms_of(std::string_view topic_key);

/// The topic key whose default `broker_key` gives; empty when there is none.
[[nodiscard]] std::string_view topic_key_of(std::string_view broker_key);

}  // namespace hw::config
