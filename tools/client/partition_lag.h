#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tools/client/partition_io.h"

/// How far a reader of partitions is behind, as their leaders see it.
namespace hw::client {

/// Where a reader goes on in a partition.
struct ReadPosition {
    PartitionName name;
    std::optional<Offset> next_offset;  ///< nothing: it has no position
};

struct PartitionLag {
    Offset end_offset;  ///< after the newest record that can be read
    /// Age of the oldest record that the reader has not read, by the clock of the leader; 0 without
    /// such a record. Nothing: the reader has no position, the record has no timestamp, or the
    /// leader cannot tell.
    std::optional<Milliseconds> age;
    bool leader_tells_age = true;  ///< false: the leader is not a Highwater broker
};

/// Asks the leaders of the partitions, and retries until the timeout. The results are in the order
/// of `positions`. Errors of a partition: not_found, permission, busy, those of Client::leader and
/// BrokerConnection::call.
[[nodiscard]] std::vector<Result<PartitionLag>> partition_lags(
    Client& client, std::span<const ReadPosition> positions);

}  // namespace hw::client
