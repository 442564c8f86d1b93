#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hw::config {

/// A broker key that gives a topic key its default. A value of the broker's key times `factor` is
/// one of the topic's key, save -1, which means "without end" in every unit.
struct Synonym {
    std::string_view broker_key;
    std::int64_t factor;
};

/// The first one that is set counts. Empty for topic keys that a broker has no default for.
[[nodiscard]] std::span<const Synonym> synonyms_of(std::string_view topic_key);

/// The topic key that `broker_key` gives a default to; empty when there is none.
[[nodiscard]] std::string_view topic_key_of(std::string_view broker_key);

}  // namespace hw::config
