#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/client/client.h"

/// The state of partitions as their leaders see it.
namespace hw::client {

struct ReplicaState {
    BrokerId broker;
    BrokerEpoch broker_epoch{-1};                  ///< of its last fetch; -1: none, or the leader
    Offset end_offset = kNoOffset;                 ///< acknowledged to the leader; -1: nothing
    std::optional<Milliseconds> since_fetch = {};  ///< nothing: it has not fetched, or leads
    std::optional<Milliseconds> since_caught_up = {};  ///< nothing: it never had all records
    std::string reason = {};  ///< why it is not in sync, or about to leave the ISR; empty: neither
};

struct PartitionState {
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    PartitionEpoch partition_epoch{-1};
    Offset log_start_offset = kNoOffset;
    Offset log_end_offset = kNoOffset;      ///< of the leader
    Offset durable_end_offset = kNoOffset;  ///< of the leader
    Offset high_watermark = kNoOffset;
    std::int32_t isr_size_needed = 0;  ///< to accept acks=all
    std::vector<BrokerId> in_sync = {};
    std::optional<std::vector<BrokerId>> proposed_isr = {};
    std::string watermark_reason = {};  ///< why it is below the log end; empty: it is not
    std::string write_refusal = {};     ///< which writes are refused, and why; empty: none
    std::vector<ReplicaState> replicas = {};

    /// The number of records that `replica` does not have; nothing: not known.
    [[nodiscard]] std::optional<std::int64_t> lag_of(const ReplicaState& replica) const;
};

using PartitionStates = std::map<PartitionIndex, Result<PartitionState>>;

/// Asks the leaders of `partitions` of a topic. There is a result for each of them; retries go on
/// until the timeout. Errors of a partition: not_found, permission, busy, unsupported (the leader
/// is not a Highwater broker), those of Client::leader and BrokerConnection::call.
[[nodiscard]] PartitionStates partition_states(Client& client, const std::string& topic,
                                               const std::vector<PartitionIndex>& partitions);

}  // namespace hw::client
