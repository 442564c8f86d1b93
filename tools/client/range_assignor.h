#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/client/partition_io.h"

namespace hw::client {

/// A member of a group, and the topics that it wants.
struct Subscriber {
    std::string member;
    std::optional<std::string> instance;  ///< of a static member
    std::vector<std::string> topics;
};

/// The name of the assignor in JoinGroup.
inline constexpr std::string_view kRangeAssignor = "range";

/// Shares out the partitions of each topic as Kafka's RangeAssignor does without racks: among the
/// members that want it, static ones by instance id and then the others by member id, each gets a
/// contiguous range, and the first ones get one more if the number does not divide evenly.
/// `partitions` has their number by topic; other topics are not assigned. Each member has an entry
/// in the result, which may be empty.
[[nodiscard]] std::map<std::string, std::vector<PartitionName>> assign_ranges(
    const std::vector<Subscriber>& members, const std::map<std::string, std::int32_t>& partitions);

}  // namespace hw::client
