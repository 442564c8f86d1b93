#pragma once

#include <cstdint>

#include "protocol/record/produce_validator.h"

namespace hw::replication {

/// When a replica counts a record as replicated (`highwater.durability`): when it is on stable
/// storage (disk), or when it is written (memory, as in Kafka).
enum class Durability : std::uint8_t { disk, memory };

/// `flush.messages` of topics that leave the time of a sync to the group commit.
inline constexpr std::int64_t kNoFlush = INT64_MAX;

/// The topic settings that a partition needs. Immutable once it is shared: a change makes a new
/// object.
struct PartitionOptions {
    Durability durability = Durability::disk;  ///< `highwater.durability`
    std::int32_t min_insync_replicas = 1;      ///< `min.insync.replicas`
    bool may_elect_uncleanly = false;          ///< `unclean.leader.election.enable`
    /// `flush.messages`: an append that brings the number of unsynced records to this value is
    /// answered only when it is durable.
    std::int64_t flush_messages = kNoFlush;
    /// Rules for produced batches. The topic's part is set here; the produce handler sets the part
    /// of the request: the time, and whether zstd is allowed.
    record::ProduceRules produce;
};

}  // namespace hw::replication
