#pragma once

#include <cstdint>
#include <string_view>

#include "config/topic_config.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/logger.h"
#include "replication/partition/partition_options.h"
#include "storage/segment.h"

/// What a topic's settings mean to the parts that work by them.
namespace hw::broker {

/// The settings of `topic` on a broker with `settings`; those of a topic for which nothing is set
/// when the image has no such topic. A stored value that breaks the rule of its key, as only
/// another version can have written, counts as not set, with a warning.
[[nodiscard]] config::TopicConfig topic_config_of(const controller::MetadataImage& image,
                                                  std::string_view topic,
                                                  const config::Settings& settings,
                                                  const Logger& log);

[[nodiscard]] storage::LogOptions log_options_of(const config::TopicConfig& topic);

/// For a partition with so many replicas.
[[nodiscard]] replication::PartitionOptions partition_options_of(
    const config::TopicConfig& topic, std::int32_t replicas, config::ProduceValidation validation);

}  // namespace hw::broker
