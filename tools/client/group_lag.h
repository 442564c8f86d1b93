#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/client/client.h"
#include "tools/client/group_view.h"
#include "tools/client/partition_io.h"
#include "tools/client/partition_lag.h"

namespace hw::client {

/// A partition that a group has committed, or that a member has been assigned.
struct GroupPartition {
    PartitionName name;
    std::optional<Offset> committed;
    std::string member;        ///< the id of the one that reads it; empty: nobody does
    Result<PartitionLag> log;  ///< as its leader says, or why that is not known

    [[nodiscard]] std::optional<Offset> end_offset() const {
        return log ? std::optional(log->end_offset) : std::nullopt;
    }
    /// The number of unread offsets. Nothing: not known.
    [[nodiscard]] std::optional<std::int64_t> lag() const;
    /// Age of the oldest unread record; 0 without one. Nothing: not known.
    [[nodiscard]] std::optional<Milliseconds> age() const { return log ? log->age : std::nullopt; }
};

/// A group, and how far it is behind.
struct GroupLag {
    GroupView group;
    std::vector<GroupPartition> partitions;  ///< sorted by topic and partition

    /// The sum of the partitions whose lag is known.
    [[nodiscard]] std::int64_t lag() const;
    /// The largest of the partitions. Nothing: none is known.
    [[nodiscard]] std::optional<Milliseconds> age() const;
    /// Whether a leader was asked that cannot tell ages.
    [[nodiscard]] bool misses_ages() const;
};

/// Errors: those of describe_group and committed_offsets.
[[nodiscard]] Result<GroupLag> group_lag(Client& client, const std::string& group);

}  // namespace hw::client
