#include "controller/image/partition_record.h"

#include <vector>

#include "controller/directory_ids.h"

namespace hw::controller {
namespace {

constexpr BrokerId kSameLeader{-2};
constexpr std::int8_t kSameRecovery = -1;

template <class T>
std::vector<T> owned(const wire::Array<T>& array) {
    return std::vector<T>(array.begin(), array.end());
}

template <class T>
void replace(std::vector<T>& value, const wire::Array<T>& change) {
    if (!change.is_null()) {
        value = owned(change);
    }
}

Result<LeaderRecovery> recovery_of(std::int8_t number) {
    if (number != 0 && number != 1) {
        return fail(ErrorKind::corrupt, "leader recovery state {} is neither 0 nor 1", number);
    }
    return static_cast<LeaderRecovery>(number);
}

/// Records of before directory assignment (KIP-858) name no directories.
Result<void> complete_directories(PartitionImage& partition) {
    if (partition.directories.empty()) {
        partition.directories.assign(partition.replicas.size(), kMigratingDirectory);
    }
    if (partition.directories.size() != partition.replicas.size()) {
        return fail(ErrorKind::corrupt, "partition {} has {} replicas and {} directories",
                    partition.index, partition.replicas.size(), partition.directories.size());
    }
    return {};
}

}  // namespace

Result<PartitionImage> partition_of(const schema::PartitionRecord& record) {
    const Result<LeaderRecovery> recovery = recovery_of(record.leader_recovery_state);
    if (!recovery) {
        return std::unexpected(recovery.error());
    }
    PartitionImage partition{.index = record.partition_id,
                             .leader = record.leader,
                             .leader_epoch = record.leader_epoch,
                             .partition_epoch = record.partition_epoch,
                             .recovery = *recovery,
                             .replicas = owned(record.replicas),
                             .isr = owned(record.isr),
                             .removing = owned(record.removing_replicas),
                             .adding = owned(record.adding_replicas),
                             .directories = owned(record.directories),
                             .elr = owned(record.eligible_leader_replicas),
                             .last_known_elr = owned(record.last_known_elr)};
    if (const Result<void> complete = complete_directories(partition); !complete) {
        return std::unexpected(complete.error());
    }
    return partition;
}

Result<PartitionImage> changed(const PartitionImage& partition,
                               const schema::PartitionChangeRecord& record) {
    PartitionImage next = partition;
    ++next.partition_epoch;
    if (record.leader != kSameLeader) {
        next.leader = record.leader;
        ++next.leader_epoch;
    }
    if (record.leader_recovery_state != kSameRecovery) {
        const Result<LeaderRecovery> recovery = recovery_of(record.leader_recovery_state);
        if (!recovery) {
            return std::unexpected(recovery.error());
        }
        next.recovery = *recovery;
    }
    replace(next.isr, record.isr);
    replace(next.replicas, record.replicas);
    replace(next.removing, record.removing_replicas);
    replace(next.adding, record.adding_replicas);
    replace(next.directories, record.directories);
    replace(next.elr, record.eligible_leader_replicas);
    replace(next.last_known_elr, record.last_known_elr);
    if (const Result<void> complete = complete_directories(next); !complete) {
        return std::unexpected(complete.error());
    }
    return next;
}

}  // namespace hw::controller
