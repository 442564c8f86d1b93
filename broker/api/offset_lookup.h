#pragma once

#include <expected>

#include "broker/api/api_services.h"
#include "broker/replicas/guard_visit.h"
#include "replication/partition/partition_reader.h"

namespace hw::broker {

/// Looks up offsets in partitions that this broker leads, one after the other: in the guard, and if
/// needed in the files, outside of it. Used on the request's shard, whose coroutine keeps it alive.
class OffsetLookup {
public:
    using Found = std::expected<replication::ListedOffset, wire::Refusal>;

    /// `services` must outlive it.
    explicit OffsetLookup(const ApiServices& services)
        : services_(services), visit_(services.shard) {}

    /// A lookup in a replica; `leader_epoch` is the current leader epoch in the request, or -1.
    struct Question {
        ReplicaPtr replica;
        LeaderEpoch leader_epoch;
        replication::OffsetQuery offset;
    };
    /// `question` outlives the task. Codes: those of PartitionReplica::reader and of
    /// PartitionReader for lookups.
    [[nodiscard]] Task<Found> run(const Question& question);

private:
    /// False when the guard is full.
    [[nodiscard]] bool begin(const Question& question);
    /// Runs the search that was planned.
    [[nodiscard]] Task<> search(const Question& question);

    const ApiServices& services_;
    GuardVisit visit_;
    std::expected<replication::OffsetPlan, wire::Refusal> plan_;  ///< of the visit
    Found found_;
};

}  // namespace hw::broker
