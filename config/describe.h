#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/overrides.h"

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
    std::vector<DescribedSynonym> synonyms;  ///< in order of precedence
};

/// All topic keys of a topic with `overrides` and `replicas` replicas, also keys without effect so
/// far, because Kafka clients look for them.
[[nodiscard]] std::vector<DescribedKey> describe_topic(const Overrides& overrides,
                                                       const Settings& broker,
                                                       std::int32_t replicas);

/// All group keys of a group with `overrides`, also keys without effect so far.
[[nodiscard]] std::vector<DescribedKey> describe_group(const Overrides& overrides,
                                                       const Settings& broker);

/// The broker keys that are in use, and those that were set.
[[nodiscard]] std::vector<DescribedKey> describe_broker(const Settings& broker);

}  // namespace hw::config
