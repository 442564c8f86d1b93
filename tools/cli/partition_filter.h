#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/cli/command.h"
#include "tools/client/client.h"

/// Which partitions `hw partition list` shows.
namespace hw::cli {

enum class PartitionFilter : std::uint8_t {
    all,
    under_replicated,  ///< a replica is not in the ISR
    under_min_isr,     ///< the ISR is too small for acks=all
    without_leader,
};

/// The options that choose a filter.
[[nodiscard]] std::vector<Option> filter_options();
/// Errors: invalid (more than one of them).
[[nodiscard]] Result<PartitionFilter> filter_of(const Arguments& arguments);

/// The size of the ISR that acks=all needs: `min.insync.replicas` of its topic, but at least 1 and
/// not more than it has replicas. Brokers use the same rule.
[[nodiscard]] std::size_t isr_size_needed(const client::PartitionView& partition,
                                          std::int32_t min_insync_replicas);

/// `min_insync_replicas` is used by one filter only.
[[nodiscard]] bool matches(PartitionFilter filter, const client::PartitionView& partition,
                           std::int32_t min_insync_replicas);

/// The sentence that no partition matches, of `topics` or of all topics if that is empty: "No
/// partition of orders is without a leader."
[[nodiscard]] std::string none_matches(PartitionFilter filter,
                                       const std::vector<std::string>& topics);

}  // namespace hw::cli
