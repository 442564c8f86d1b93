#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/broker_config.h"
#include "config/overrides.h"
#include "protocol/base/result.h"

namespace hw::config {

/// Whether a record's timestamp is the producer's time or the time of the append.
enum class TimestampType : std::uint8_t { create_time, log_append_time };

/// The settings of one topic: typed, checked, immutable. A time span may be as long as 2^63-1 ms,
/// which means "without end" and is more than Duration holds.
struct TopicConfig {
    std::int32_t segment_bytes_max;
    std::chrono::milliseconds segment_age_max;
    std::chrono::milliseconds segment_jitter_max;
    std::int32_t index_bytes_max;
    std::int32_t index_interval_bytes;
    std::int64_t flush_records;
    std::chrono::milliseconds flush_age_max;
    std::chrono::milliseconds file_delete_delay;
    std::int32_t batch_bytes_max;
    /// Nothing: derived, see min_insync_replicas.
    std::optional<std::int32_t> min_insync_replicas_set;
    bool may_elect_uncleanly;  ///< a leader from outside of the ISR
    TimestampType timestamp_type;
    std::chrono::milliseconds timestamp_before_max;
    std::chrono::milliseconds timestamp_after_max;
    bool is_compacted;  ///< `cleanup.policy` has compact: each record needs a key
    Durability durability;

    /// The value that was set, else the derived one.
    [[nodiscard]] std::int32_t min_insync_replicas(std::int32_t replicas) const;
};

/// The default of min.insync.replicas for a topic with `replicas` replicas: 2 for 3 or more, so
/// that the loss of one node loses no acknowledged record, else 1.
[[nodiscard]] std::int32_t derived_min_insync_replicas(std::int32_t replicas);

/// The settings of a topic with `overrides` on a broker with `broker`. Overrides of names that are
/// not topic keys are ignored: a newer version may have written them. Errors: invalid, for a
/// value that breaks the rule of its key.
[[nodiscard]] Result<TopicConfig> make_topic_config(const Overrides& overrides,
                                                    const Settings& broker);

/// Whether a user may set `name` to `value` on a topic. Errors, each a sentence for that user:
/// not_found for a name that is not a topic key; invalid; unsupported for a value that would have
/// no effect, such as a value other than the default for a key that is not built yet.
[[nodiscard]] Result<void> check_topic_setting(std::string_view name, std::string_view value);

/// A warning for a user who sets `name` to `value`, when check_topic_setting accepts the value but
/// not all of its effect is built; else empty.
[[nodiscard]] std::string warning_for_setting(std::string_view name, std::string_view value);

/// Whether an existing topic may change from `from` to `to`. Errors: invalid.
[[nodiscard]] Result<void> check_topic_change(const TopicConfig& from, const TopicConfig& to);

}  // namespace hw::config
