#include "config/topic_config.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/key_table.h"
#include "config/value.h"
#include "protocol/base/assert.h"

namespace hw::config {
namespace {

using std::chrono::milliseconds;

/// Looks up topic keys of one topic.
class TopicReader {
public:
    TopicReader(const Overrides& overrides, const Settings& broker)
        : overrides_(overrides), broker_(broker) {}

    [[nodiscard]] std::string text(std::string_view name) const {
        const Key& key = known(name);
        return std::string(
            trim(effective_value(key, candidates_of(key, overrides_, Source::topic, broker_))));
    }
    [[nodiscard]] std::int64_t integer(std::string_view name) const {
        const auto value = parse_integer(text(name));
        HW_ASSERT(value.has_value());
        return *value;
    }
    [[nodiscard]] std::int32_t small(std::string_view name) const {
        return static_cast<std::int32_t>(integer(name));
    }
    [[nodiscard]] milliseconds span(std::string_view name) const {
        return milliseconds(integer(name));
    }
    [[nodiscard]] bool is_set(std::string_view name) const {
        return !candidates_of(known(name), overrides_, Source::topic, broker_).empty();
    }

private:
    static const Key& known(std::string_view name) {
        const Key* key = find_key(Scope::topic, name);
        HW_ASSERT(key != nullptr);
        return *key;
    }

    const Overrides& overrides_;
    const Settings& broker_;
};

bool has_compact(std::string_view cleanup_policy) {
    return std::ranges::count(split_list(cleanup_policy), "compact") > 0;
}

/// Keys that say when old records may be removed. Nothing removes records so far, so every value is
/// harmless. Tools such as Kafka Streams set these keys on the topics that they create.
bool is_retention_key(std::string_view name) {
    constexpr std::string_view kKeys[] = {"retention.ms",          "retention.bytes",
                                          "delete.retention.ms",   "min.compaction.lag.ms",
                                          "max.compaction.lag.ms", "min.cleanable.dirty.ratio"};
    return std::ranges::find(kKeys, name) != std::end(kKeys);
}

}  // namespace

std::int32_t derived_min_insync_replicas(std::int32_t replicas) {
    constexpr std::int32_t kReplicasForTwo = 3;
    return replicas >= kReplicasForTwo ? 2 : 1;
}

std::int32_t TopicConfig::min_insync_replicas(std::int32_t replicas) const {
    return min_insync_replicas_set.value_or(derived_min_insync_replicas(replicas));
}

Result<TopicConfig> make_topic_config(const Overrides& overrides, const Settings& broker) {
    for (const auto& [name, value] : overrides) {
        const Key* key = find_key(Scope::topic, name);
        if (key != nullptr && !is_valid(*key, value)) {
            return broken_rule(*key, value);
        }
    }
    const TopicReader topic(overrides, broker);
    const bool is_append_time = topic.text("message.timestamp.type") == "LogAppendTime";
    const bool is_memory = topic.text("highwater.durability") == "memory";
    return TopicConfig{
        .segment_bytes_max = topic.small("segment.bytes"),
        .segment_age_max = topic.span("segment.ms"),
        .segment_jitter_max = topic.span("segment.jitter.ms"),
        .index_bytes_max = topic.small("segment.index.bytes"),
        .index_interval_bytes = topic.small("index.interval.bytes"),
        .flush_records = topic.integer("flush.messages"),
        .flush_age_max = topic.span("flush.ms"),
        .file_delete_delay = topic.span("file.delete.delay.ms"),
        .batch_bytes_max = topic.small("max.message.bytes"),
        .min_insync_replicas_set = topic.is_set("min.insync.replicas")
                                       ? std::optional(topic.small("min.insync.replicas"))
                                       : std::nullopt,
        .may_elect_uncleanly = topic.text("unclean.leader.election.enable") == "true",
        .timestamp_type =
            is_append_time ? TimestampType::log_append_time : TimestampType::create_time,
        .timestamp_before_max = topic.span("message.timestamp.before.max.ms"),
        .timestamp_after_max = topic.span("message.timestamp.after.max.ms"),
        .is_compacted = has_compact(topic.text("cleanup.policy")),
        .durability = is_memory ? Durability::memory : Durability::disk,
    };
}

Result<void> check_topic_setting(std::string_view name, std::string_view value) {
    HW_TRY(key, find_settable(Scope::topic, name));
    return check_value(*key, value, is_retention_key(name) ? Use::in_use : key->use);
}

std::string warning_for_setting(std::string_view name, std::string_view value) {
    if (name == "cleanup.policy" && has_compact(value)) {
        return fmt::format(
            "cleanup.policy={}: this version compacts nothing yet; the topic keeps every record",
            trim(value));
    }
    if ((name == "retention.ms" || name == "retention.bytes") && trim(value) != "-1") {
        return fmt::format("{}={}: this version removes nothing yet; the topic keeps every record",
                           name, trim(value));
    }
    return {};
}

Result<void> check_topic_change(const TopicConfig& from, const TopicConfig& to) {
    if (from.durability == Durability::memory && to.durability == Durability::disk) {
        return fail(ErrorKind::invalid,
                    "highwater.durability cannot change from memory to disk: records of this topic "
                    "were acknowledged before they were on disk; make a new topic with "
                    "highwater.durability=disk and copy them");
    }
    return {};
}

}  // namespace hw::config
