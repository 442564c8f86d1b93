#pragma once

#include <compare>
#include <string>

#include <fmt/format.h>

#include "protocol/base/ids.h"

namespace hw::storage {

/// Name of a log: a topic and a partition of it.
struct TopicPartition {
    std::string topic;
    PartitionIndex partition;

    auto operator<=>(const TopicPartition&) const = default;
};

}  // namespace hw::storage

/// "topic-0", as in folder names and log lines.
template <>
struct fmt::formatter<hw::storage::TopicPartition> : fmt::formatter<std::string> {
    auto format(const hw::storage::TopicPartition& name, fmt::format_context& context) const {
        return fmt::formatter<std::string>::format(fmt::format("{}-{}", name.topic, name.partition),
                                                   context);
    }
};
