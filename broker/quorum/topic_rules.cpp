#include "broker/quorum/topic_rules.h"

#include <algorithm>

#include "config/describe.h"
#include "config/topic_config.h"

namespace hw::broker {

using controller::TopicConfig;

Result<void> TopicRules::validate(std::string_view name, std::string_view value) const {
    return config::check_topic_setting(name, value);
}

std::vector<TopicConfig> TopicRules::describe(const controller::ConfigValues& values,
                                              std::int16_t replicas) const {
    std::vector<TopicConfig> configs;
    for (const config::DescribedKey& row : config::describe_topic(values, settings_, replicas)) {
        configs.push_back({.name = std::string(row.key->name),
                           .value = row.value.value_or(""),
                           .read_only = row.is_read_only,
                           .source = static_cast<std::int8_t>(row.source),
                           .sensitive = row.key->is_sensitive()});
    }
    std::ranges::sort(configs, {}, &TopicConfig::name);
    return configs;
}

}  // namespace hw::broker
