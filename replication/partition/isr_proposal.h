#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "protocol/base/ids.h"
#include "replication/partition/partition_facts.h"

namespace hw::replication {

/// A member of a proposed ISR, with the broker epoch of its last fetch (KIP-903). -1: not known,
/// and not checked by the controller; so it is for the leader itself, whose epoch the sender adds.
struct IsrMember {
    BrokerId broker;
    BrokerEpoch epoch{-1};

    bool operator==(const IsrMember&) const = default;
};

/// A new ISR that a leader asks the controller for (AlterPartition, KIP-497). The controller
/// accepts it only if both epochs are still those of the partition.
struct IsrProposal {
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    std::vector<IsrMember> isr;

    [[nodiscard]] bool has(BrokerId broker) const {
        return std::ranges::find(isr, broker, &IsrMember::broker) != isr.end();
    }
};

/// What became of a proposal.
enum class IsrOutcome : std::uint8_t {
    accepted,
    refused,   ///< the controller has not changed the partition, and says why
    outdated,  ///< the partition has other epochs by now: newer metadata are on their way
    unknown,   ///< no answer, or one that says nothing of the outcome
};

struct IsrAnswer {
    IsrProposal proposal;  ///< that is answered
    IsrOutcome outcome = IsrOutcome::unknown;
    PartitionFacts facts;  ///< the new state, without the replicas; if it was accepted
};

/// A proposal that the controller has not answered.
struct PendingProposal {
    IsrProposal proposal;
    std::vector<BrokerId> added;   ///< members beyond the committed ISR, of all attempts
    bool may_be_accepted = false;  ///< an attempt has ended without an answer
};

}  // namespace hw::replication
