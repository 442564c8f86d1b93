#include "broker/replicas/topic_options.h"

#include <string>

#include "config/key_table.h"
#include "config/value.h"
#include "controller/image/topic_name.h"
#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

using controller::ConfigResource;
using controller::ConfigResourceType;

/// The configs that are set for the topic, without invalid values.
config::Overrides sound_overrides(const controller::MetadataImage& image, std::string_view topic,
                                  const Logger& log) {
    const controller::ConfigValues* stored =
        image.find_configs({ConfigResourceType::topic, std::string(topic)});
    config::Overrides overrides = stored == nullptr ? config::Overrides() : *stored;
    std::erase_if(overrides, [&](const auto& setting) {
        const auto& [name, value] = setting;
        const config::Key* key = config::find_key(config::Scope::topic, name);
        const bool is_broken = key != nullptr && !config::is_valid(*key, value);
        if (is_broken) {
            log.warning("topic '{}': {}={} {}; the default is used until it is set again", topic,
                        name, config::shown(*key, value), config::rule_of(*key));
        }
        return is_broken;
    });
    return overrides;
}

}  // namespace

config::TopicConfig topic_config_of(const controller::MetadataImage& image, std::string_view topic,
                                    const config::Settings& settings, const Logger& log) {
    auto made = config::make_topic_config(sound_overrides(image, topic, log), settings);
    HW_ASSERT(made.has_value());
    if (controller::is_internal_topic(topic)) {
        made->durability = config::Durability::disk;  // what brokers keep must survive a power cut
    }
    return *made;
}

storage::LogOptions log_options_of(const config::TopicConfig& topic) {
    return {.segment_bytes = static_cast<std::uint64_t>(topic.segment_bytes_max),
            .segment_ms = topic.segment_age_max.count(),
            .index_interval_bytes = static_cast<std::uint64_t>(topic.index_interval_bytes),
            .segment_index_bytes = static_cast<std::uint64_t>(topic.index_bytes_max)};
}

storage::Gaps gaps_of(const controller::MetadataImage& image, std::string_view topic,
                      const config::Settings& settings) {
    const controller::ConfigValues* stored =
        image.find_configs({ConfigResourceType::topic, std::string(topic)});
    std::string policy = settings.text("log.cleanup.policy").value_or("");
    if (stored != nullptr && stored->contains("cleanup.policy")) {
        policy = stored->at("cleanup.policy");
    }
    return policy.find("compact") == std::string::npos ? storage::Gaps::none
                                                       : storage::Gaps::possible;
}

replication::PartitionOptions partition_options_of(const config::TopicConfig& topic,
                                                   std::int32_t replicas,
                                                   config::ProduceValidation validation) {
    replication::PartitionOptions options{
        .durability = topic.durability == config::Durability::memory
                          ? replication::Durability::memory
                          : replication::Durability::disk,
        .min_insync_replicas = topic.min_insync_replicas(replicas),
        .may_elect_uncleanly = topic.may_elect_uncleanly,
        .flush_messages = topic.flush_records,
        .produce = {}};
    record::ProduceRules& rules = options.produce;
    rules.validation = validation == config::ProduceValidation::full
                           ? record::ProduceValidation::full
                           : record::ProduceValidation::header;
    rules.max_message_bytes = topic.batch_bytes_max;
    rules.timestamp_type = topic.timestamp_type == config::TimestampType::log_append_time
                               ? record::TimestampType::log_append_time
                               : record::TimestampType::create_time;
    rules.timestamp_window = {.before_max = topic.timestamp_before_max.count(),
                              .after_max = topic.timestamp_after_max.count()};
    rules.compacted = topic.is_compacted;
    return options;
}

}  // namespace hw::broker
