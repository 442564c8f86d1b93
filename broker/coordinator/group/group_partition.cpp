#include "broker/coordinator/group/group_partition.h"

#include <cstdlib>

#include "broker/coordinator/group/java_string.h"

namespace hw::broker {

PartitionIndex partition_of_group(std::string_view group, std::size_t partitions) {
    const std::int32_t hash = java_hash(group);
    const std::int32_t positive = hash == INT32_MIN ? 0 : std::abs(hash);
    return PartitionIndex(
        static_cast<std::int32_t>(static_cast<std::size_t>(positive) % partitions));
}

}  // namespace hw::broker
