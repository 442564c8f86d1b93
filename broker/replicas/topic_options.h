#pragma once

#include <cstdint>
#include <string_view>

#include "config/topic_config.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/logger.h"
#include "replication/partition/partition_options.h"
#include "storage/segment.h"

/// Conversion of a topic's settings to the options of its log and its partitions.
namespace hw::broker {

/// The settings of `topic` on a broker with `settings`; the defaults if the image has no such
/// topic. An invalid stored value, which only another version can have written, is ignored with a
/// warning.
[[nodiscard]] config::TopicConfig topic_config_of(const controller::MetadataImage& image,
                                                  std::string_view topic,
                                                  const config::Settings& settings,
                                                  const Logger& log);

[[nodiscard]] storage::LogOptions log_options_of(const config::TopicConfig& topic);

/// Whether the log of `topic` may have gaps between its offsets: the topic is compacted, by its own
/// `cleanup.policy` or by `log.cleanup.policy` of the broker.
[[nodiscard]] storage::Gaps gaps_of(const controller::MetadataImage& image, std::string_view topic,
                                    const config::Settings& settings);

/// The options of a partition with `replicas` replicas.
[[nodiscard]] replication::PartitionOptions partition_options_of(
    const config::TopicConfig& topic, std::int32_t replicas, config::ProduceValidation validation);

}  // namespace hw::broker
