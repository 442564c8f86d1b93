#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "protocol/base/ids.h"
#include "replication/partition/delayed_produce.h"
#include "replication/partition/partition_options.h"
#include "replication/partition/partition_reader.h"

namespace hw::history {

using replication::Acks;
using replication::Durability;
using replication::IsolationLevel;

/// Microseconds since the start of the run, on one clock that all processes share.
using Time = Ordinal<struct TimeTag, std::int64_t>;
/// The `done` time of an operation that has never ended.
inline constexpr Time kNeverDone{std::numeric_limits<std::int64_t>::max()};

/// Indexes into a History. It gives them out in the order of first use.
using ProcessNumber = Id<struct ProcessNumberTag, std::uint32_t>;
using TopicNumber = Id<struct TopicNumberTag, std::uint32_t>;
using PartitionNumber = Id<struct PartitionNumberTag, std::uint32_t>;
using ValueNumber = Id<struct ValueNumberTag, std::uint32_t>;
using OperationNumber = Id<struct OperationNumberTag, std::uint32_t>;

inline constexpr PartitionNumber kNoPartition{std::numeric_limits<std::uint32_t>::max()};
inline constexpr ValueNumber kNoValue{std::numeric_limits<std::uint32_t>::max()};
inline constexpr OperationNumber kNoOperation{std::numeric_limits<std::uint32_t>::max()};

/// `fail`: the operation definitely had no effect. `info`: nobody knows.
enum class Outcome : std::uint8_t { ok, fail, info };

/// One record that a producer sent. A value identifies a record: only retries send it again.
struct Send {
    PartitionNumber partition;
    ValueNumber value;
    Acks acks = Acks::all;
    ProducerId producer = kNoProducerId;  ///< set if the producer is idempotent
    Offset offset = kNoOffset;            ///< only if ok; none if the answer had none
};

/// The broker that answered. `leader_epoch` is set if it answered as the leader of this epoch.
struct Answerer {
    BrokerId broker = kNoBroker;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
};

struct Record {
    Offset offset;
    ValueNumber value;
};

/// One answer to a consumer, for one partition.
struct Poll {
    PartitionNumber partition;
    Offset from;  ///< position of the consumer before this poll
    std::vector<Record> records{};
    Answerer answerer{};
    Offset high_watermark = kNoOffset;  ///< of this answer; none if the client does not report it
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

enum class ListOffsetsKind : std::uint8_t { latest, earliest };

struct ListOffsets {
    PartitionNumber partition;
    ListOffsetsKind kind = ListOffsetsKind::latest;
    Offset offset = kNoOffset;  ///< only if ok
    Answerer answerer{};
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

/// The process reads these partitions from now on, and no others. A seek is an assign, too.
struct Assign {
    struct Position {
        PartitionNumber partition;
        Offset offset = kNoOffset;  ///< none if unknown: the first poll tells it
    };
    std::vector<Position> positions{};
};

struct Operation {
    Time invoked;
    Time done = kNeverDone;
    ProcessNumber process;
    Outcome outcome = Outcome::ok;
    std::variant<Send, Poll, ListOffsets, Assign> action;
    std::uint32_t line = 0;  ///< in the file; 0 lets the History number it
};

/// The run did something that changes what clients may expect. `at` is the earliest time at which
/// it can have happened, `until` the latest.
struct Loss {
    enum class Cause : std::uint8_t {
        unclean_election,  ///< a replica outside of the ISR was elected
        power_loss,        ///< the last ISR member lost its power; concerns only `memory` topics
    };
    Cause cause;
    Time at;
    Time until;
    PartitionNumber partition = kNoPartition;  ///< kNoPartition: every partition
};

/// Retention or DeleteRecords moved the start of a log to `offset`.
struct LogStartMove {
    Time at;
    PartitionNumber partition;
    Offset offset;
};

struct LeaderElection {
    Time at;
    PartitionNumber partition;
    BrokerId broker = kNoBroker;
    LeaderEpoch epoch = kNoLeaderEpoch;
};

struct Topic {
    std::string id;    ///< unique: a topic that is created again has another id
    std::string name;  ///< for people
    Durability durability = Durability::disk;
};

}  // namespace hw::history
