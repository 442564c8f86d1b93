#include "broker/quorum/config_rules.h"

#include <algorithm>

#include "config/describe.h"
#include "config/group_config.h"
#include "config/key_table.h"
#include "config/topic_config.h"

namespace hw::broker {

using controller::ConfigResourceType;
using controller::TopicConfig;

Result<void> KeyTableRules::validate(ConfigResourceType type, std::string_view name,
                                     std::string_view value) const {
    return type == ConfigResourceType::group ? config::check_group_setting(name, value, settings_)
                                             : config::check_topic_setting(name, value);
}

std::optional<std::string> KeyTableRules::list_default(ConfigResourceType type,
                                                       std::string_view name) const {
    const bool is_group = type == ConfigResourceType::group;
    const config::Key* key =
        config::find_key(is_group ? config::Scope::group : config::Scope::topic, name);
    if (key == nullptr || key->type != config::Type::list) {
        return {};
    }
    return std::string(key->default_value.value_or(""));
}

Result<void> KeyTableRules::check_change(ConfigResourceType type,
                                         const controller::ConfigValues& before,
                                         const controller::ConfigValues& after) const {
    if (type == ConfigResourceType::group) {
        return config::check_group_overrides(after, settings_);
    }
    const auto from = config::make_topic_config(before, settings_);
    const auto to = config::make_topic_config(after, settings_);
    if (!to) {
        return std::unexpected(to.error());
    }
    // A value that is not valid now was set by another version; any valid one may replace it.
    return from ? config::check_topic_change(*from, *to) : Result<void>();
}

std::vector<TopicConfig> KeyTableRules::describe_topic(const controller::ConfigValues& values,
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
