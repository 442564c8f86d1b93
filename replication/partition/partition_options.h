#pragma once

#include <cstdint>

#include "protocol/record/produce_validator.h"

namespace hw::replication {

/// When a record counts as replicated (`highwater.durability`): on stable storage of a replica, or
/// in its memory, as in Kafka.
enum class Durability : std::uint8_t { disk, memory };

/// What a partition is told of its topic's settings; the keys of the topic in brackets. Immutable
/// once it is shared: a change is a new object.
struct PartitionOptions {
    Durability durability = Durability::disk;  ///< `highwater.durability`
    std::int32_t min_insync_replicas = 1;      ///< `min.insync.replicas`
    /// `flush.messages`: the append that makes so many unsynced records is answered when they are
    /// durable.
    std::int64_t flush_messages = INT64_MAX;
    /// The topic's part of the rules for what is produced; who checks a request sets its part, the
    /// time and whether zstd is allowed.
    record::ProduceRules produce;
};

}  // namespace hw::replication
