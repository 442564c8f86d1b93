#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/time.h"
#include "protocol/wire/refusal.h"
#include "replication/partition/partition_facts.h"

/// The state of a partition and its replicas as its leader sees them, with sentences that say why a
/// replica is not in sync, and why the high watermark is below the log end.
namespace hw::replication {

class PartitionLeader;
class PartitionReplica;

/// What the metadata say of a broker.
enum class BrokerState : std::uint8_t {
    active,
    fenced,
    stopping,
    unregistered,
    without_directory,  ///< in service, but its replica of this partition is not
};

/// A broker that is not in the map is taken as active.
using BrokerStates = std::map<BrokerId, BrokerState>;

struct ReplicaDescription {
    BrokerId broker;
    BrokerEpoch broker_epoch{-1};       ///< of its last fetch; -1: none, or the leader
    Offset log_end_offset = kNoOffset;  ///< acknowledged to the leader; -1: nothing
    /// Time since its last fetch from this leader. Nothing: none, or the leader.
    std::optional<Duration> since_fetch;
    /// Time since its last fetch that showed it to have all records. A member of the ISR counts as
    /// having them when the leader begins. Nothing: never.
    std::optional<Duration> since_caught_up;
    /// Why it is not in the ISR, or is about to leave it; empty: neither.
    std::string reason;
};

struct PartitionDescription {
    PartitionFacts facts;
    Offset log_start_offset = kNoOffset;
    LogEnds ends;  ///< of the leader
    Offset high_watermark = kNoOffset;
    std::size_t isr_size_needed = 1;  ///< to accept acks=all
    /// The ISR that the controller was asked for, until it has answered.
    std::optional<std::vector<BrokerId>> proposed_isr;
    std::string watermark_reason;              ///< why it is below the log end; empty: it is not
    std::string write_refusal;                 ///< which writes are refused, and why; empty: none
    std::vector<ReplicaDescription> replicas;  ///< in the order of the metadata, with the leader
};

/// Why acks=all is refused by a leader whose ISR is too small.
[[nodiscard]] std::string too_few_in_sync(const PartitionLeader& leader);
/// Why writes are refused by a leader with silent members: the controllers may have replaced it
/// without its knowledge.
[[nodiscard]] std::string perhaps_replaced(const PartitionLeader& leader);

/// Describes the partition, without `log_start_offset`. Takes time in O(replicas).
[[nodiscard]] PartitionDescription describe(const PartitionLeader& leader,
                                            const BrokerStates& states, TimePoint now);

/// The same for a replica of this broker, with the start of its log. Called in its guard. Codes:
/// NOT_LEADER_OR_FOLLOWER or the reason of PartitionReplica::become_offline.
[[nodiscard]] std::expected<PartitionDescription, wire::Refusal> describe(
    const PartitionReplica& replica, const BrokerStates& states, TimePoint now);

}  // namespace hw::replication
