#pragma once

#include <cstdint>
#include <string_view>

#include "protocol/base/ids.h"

namespace hw::broker {

/// The partition of the offsets topic that has the group; its leader coordinates the group. Kafka's
/// rule: the absolute value of Java's hash of the group id, modulo the number of partitions.
[[nodiscard]] PartitionIndex partition_of_group(std::string_view group, std::size_t partitions);

}  // namespace hw::broker
