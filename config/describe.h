#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/topic_values.h"

/// Keys as DescribeConfigs shows them, and `config explain`: those in use, and those that somebody
/// has set.
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

/// The topic keys of a topic with `overrides` and `replicas` replicas.
[[nodiscard]] std::vector<DescribedKey> describe_topic(const Overrides& overrides,
                                                       const Settings& broker,
                                                       std::int32_t replicas);

/// The broker keys.
[[nodiscard]] std::vector<DescribedKey> describe_broker(const Settings& broker);

}  // namespace hw::config
