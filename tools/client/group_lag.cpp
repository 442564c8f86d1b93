#include "tools/client/group_lag.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tools/client/group_admin.h"

namespace hw::client {

std::optional<std::int64_t> GroupPartition::lag() const {
    if (!committed || !log) {
        return std::nullopt;
    }
    return std::max<std::int64_t>(log->end_offset - *committed, 0);
}

std::int64_t GroupLag::lag() const {
    std::int64_t sum = 0;
    for (const GroupPartition& partition : partitions) {
        sum += partition.lag().value_or(0);
    }
    return sum;
}

std::optional<Milliseconds> GroupLag::age() const {
    std::optional<Milliseconds> largest;
    for (const GroupPartition& partition : partitions) {
        largest = std::max(largest, partition.age());
    }
    return largest;
}

bool GroupLag::misses_ages() const {
    return std::ranges::any_of(partitions, [](const GroupPartition& partition) {
        return partition.log && !partition.log->leader_tells_age;
    });
}

Result<GroupLag> group_lag(Client& client, const std::string& name) {
    HW_TRY(group, describe_group(client, name));
    HW_TRY(committed, committed_offsets(client, name));
    struct Known {
        std::optional<Offset> committed;
        std::string member;
    };
    std::map<std::pair<std::string, PartitionIndex>, Known> known;
    for (const CommittedPartition& one : committed) {
        known[{one.name.topic, one.name.partition}].committed = one.offset;
    }
    for (const GroupMember& member : group.members) {
        for (const PartitionName& partition : member.partitions) {
            known[{partition.topic, partition.partition}].member = member.id;
        }
    }
    std::vector<ReadPosition> positions;
    for (const auto& [key, partition] : known) {
        positions.push_back({{key.first, key.second}, partition.committed});
    }
    auto lags = partition_lags(client, positions);
    GroupLag result{std::move(group), {}};
    std::size_t next = 0;
    for (auto& [key, partition] : known) {
        result.partitions.push_back({.name = {key.first, key.second},
                                     .committed = partition.committed,
                                     .member = std::move(partition.member),
                                     .log = std::move(lags[next++])});
    }
    return result;
}

}  // namespace hw::client
