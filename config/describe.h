#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/topic_values.h"

/// Keys as DescribeConfigs shows them.
namespace hw::config {

struct DescribedSynonym {
    std::string_view name;
    std::optional<std::string> value;  ///< nothing for a sensitive key
    Source source;
};

struct DescribedKey {
    const Key* key;
    std::optional<std::string> value;  ///< nothing when it is null or sensitive
    Source source;
    bool is_read_only;
    std::vector<DescribedSynonym> synonyms;  ///< the place that counts first
};

/// All topic keys, whether they have an effect yet or not, of a topic with `overrides` and
/// `replicas` replicas: clients that know Kafka look for each of them.
[[nodiscard]] std::vector<DescribedKey> describe_topic(const Overrides& overrides,
                                                       const Settings& broker,
                                                       std::int32_t replicas);

/// The broker keys that are in use, and those that somebody has set.
[[nodiscard]] std::vector<DescribedKey> describe_broker(const Settings& broker);

}  // namespace hw::config
