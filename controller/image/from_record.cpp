#include "controller/image/from_record.h"

#include <utility>
#include <vector>

#include "controller/image/topic_image.h"

namespace hw::controller {
namespace {

std::vector<DirectoryId> owned(const wire::Array<DirectoryId>& array) {
    return std::vector<DirectoryId>(array.begin(), array.end());
}

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

/// Fills in the directories that records older than directory assignment (KIP-858) do not have.
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

BrokerImage broker_of(const schema::RegisterBrokerRecord& record, Offset offset) {
    BrokerImage broker{.id = record.broker_id,
                       .epoch = record.broker_epoch,
                       .catch_up_to = offset,
                       .incarnation = record.incarnation_id,
                       .fenced = record.fenced,
                       .in_controlled_shutdown = record.in_controlled_shutdown,
                       .rack = std::string(record.rack),
                       .endpoints = endpoints_of(record.end_points),
                       .features = features_of(record.features),
                       .log_dirs = owned(record.log_dirs),
                       .cordoned_log_dirs = {}};
    if (!record.cordoned_log_dirs.is_null()) {
        broker.cordoned_log_dirs = owned(record.cordoned_log_dirs);
    }
    return broker;
}

ControllerImage controller_of(const schema::RegisterControllerRecord& record) {
    return {.id = record.controller_id,
            .incarnation = record.incarnation_id,
            .endpoints = endpoints_of(record.end_points),
            .features = features_of(record.features)};
}

BrokerImage changed(BrokerImage broker, const schema::BrokerRegistrationChangeRecord& record,
                    Offset offset) {
    if (record.fenced != 0) {
        broker.fenced = record.fenced > 0;
    }
    if (record.fenced > 0) {
        broker.catch_up_to = offset;
    }
    if (record.in_controlled_shutdown != 0) {
        broker.in_controlled_shutdown = true;
    }
    if (!record.log_dirs.empty()) {
        broker.log_dirs = owned(record.log_dirs);
    }
    if (!record.cordoned_log_dirs.is_null()) {
        broker.cordoned_log_dirs = owned(record.cordoned_log_dirs);
    }
    return broker;
}

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
    HW_TRY_VOID(complete_directories(partition));
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
    HW_TRY_VOID(complete_directories(next));
    return next;
}

}  // namespace hw::controller
