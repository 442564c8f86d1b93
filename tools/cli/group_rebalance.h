#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tools/client/group_view.h"

/// Why a group is rebalancing, and which members it waits for.
namespace hw::cli {

/// Partitions that are named in a sentence or a table; more are counted.
inline constexpr std::size_t kMostNamedPartitions = 20;
/// Members that have a sentence of their own; more are counted.
inline constexpr std::size_t kMostNamedMembers = 10;

/// "orders 3, 4; payments 0", of sorted names; "-" without any.
[[nodiscard]] std::string partition_names(const std::vector<client::PartitionName>& names);

/// Sentences about what the group waits for, as far as the protocol tells; none if it is not
/// rebalancing. A coordinator does not tell which partitions a member of the consumer protocol has
/// been asked to give up: those are derived from what members wait for and nobody is said to have.
[[nodiscard]] std::vector<std::string> rebalance_reasons(const client::GroupView& group);

}  // namespace hw::cli
