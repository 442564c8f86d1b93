#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "config/broker_config.h"
#include "protocol/base/entropy.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/disk.h"

namespace hw::broker {

/// What a format does with the directories that are formatted already.
enum class FormattedDirectories : std::uint8_t { refused, kept };

struct FormatRequest {
    std::string cluster_id;
    FormattedDirectories formatted = FormattedDirectories::refused;
    Timestamp now{0};
    /// Called with a line of text for each directory, before it is formatted.
    std::function<void(const std::string&)> tell;
};

/// Formats the data directories of a node for a cluster, as Kafka's storage tool does. All of them
/// get a meta.properties. That of the metadata log on a controller gets, before it, the bootstrap
/// checkpoint and a quorum-state at epoch 0. meta.properties is written last and makes a directory
/// formatted, so after a crash the others can be formatted again.
///
/// Checks everything before it changes a file. Blocks. Errors: invalid (a wrong cluster id, a
/// formatted directory, one of another cluster or node, one with logs), busy, io, no_space.
[[nodiscard]] Result<void> format_directories(storage::Disk& disk, Entropy& entropy,
                                              const config::BrokerConfig& config,
                                              const FormatRequest& request);

}  // namespace hw::broker
