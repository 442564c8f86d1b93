#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tools/client/partition_io.h"

/// Requests to the cluster about the leaders of partitions.
namespace hw::client {

/// The numbers are those on the wire (KIP-460).
enum class ElectionType : std::int8_t {
    preferred = 0,  ///< the first replica, if it is in the ISR
    unclean = 1,    ///< any whose broker is alive, for a partition without a leader
};

/// The outcome of an election for one partition.
struct ElectionOutcome {
    PartitionName name;
    Result<void> result;
    bool is_needed = true;        ///< false: it had such a leader already
    BrokerId leader = kNoBroker;  ///< afterwards; none: not shown within the timeout
};

/// Elects the leaders of `partitions`, or of all partitions that need it, and waits until the
/// broker of this client shows the leaders; returns the outcomes, sorted by topic and partition.
/// Errors: those of Client::call; permission; busy (no controller within the timeout). Errors of a
/// partition: not_found, busy (no replica can lead), and other errors of the broker.
[[nodiscard]] Result<std::vector<ElectionOutcome>> elect_leaders(
    Client& client, ElectionType type, const std::optional<std::vector<PartitionName>>& partitions);

}  // namespace hw::client
