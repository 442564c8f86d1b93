#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/wire/error_code.h"
#include "replication/raft/log_positions.h"

namespace hw::replication {

/// A pre-vote asks if the voter would vote; it changes no epoch (KIP-996).
enum class VoteKind : std::uint8_t { pre_vote, vote };

/// The fields of a Vote request that the core decides on.
struct VoteCall {
    VoteKind kind = VoteKind::vote;
    LeaderEpoch epoch;
    BrokerId candidate;
    LogEnd log;  ///< the end of the candidate's log

    bool operator==(const VoteCall&) const = default;
};

/// A new leader tells a voter that it leads `epoch`.
struct BeginEpochCall {
    LeaderEpoch epoch;
    BrokerId leader;

    bool operator==(const BeginEpochCall&) const = default;
};

/// A leader that resigns tells a voter to elect another one.
struct EndEpochCall {
    LeaderEpoch epoch;
    BrokerId leader;
    std::vector<BrokerId> successors;  ///< the one with the longest log first

    bool operator==(const EndEpochCall&) const = default;
};

/// A request to one voter; the answer to each is an EpochAnswer.
struct RaftCall {
    BrokerId to;
    std::variant<VoteCall, BeginEpochCall, EndEpochCall> body;

    bool operator==(const RaftCall&) const = default;
};

/// The answer to a RaftCall: what its sender knows of epoch and leader.
struct EpochAnswer {
    wire::ErrorCode error = wire::ErrorCode::none;
    LeaderEpoch epoch;
    BrokerId leader = kNoBroker;
    bool vote_granted = false;  ///< only to a VoteCall

    bool operator==(const EpochAnswer&) const = default;
};

/// A Fetch of the metadata log. It also tells the leader that everything below `offset` is durable
/// at its sender.
struct RaftFetch {
    BrokerId to;
    LeaderEpoch epoch;  ///< the sender's current epoch
    Offset offset;
    LeaderEpoch last_epoch;  ///< of the record before `offset`
    /// The leader answers at once if its high watermark is above this one (KIP-1166).
    Offset high_watermark;
    std::uint64_t number = 0;  ///< of the Fetch among those of its sender; not sent

    bool operator==(const RaftFetch&) const = default;
};

/// The answer to a RaftFetch, without its records.
struct RaftFetchAnswer {
    wire::ErrorCode error = wire::ErrorCode::none;
    LeaderEpoch epoch;
    BrokerId leader = kNoBroker;
    /// Set if the sender's log is not a prefix of the leader's: the end of the newest epoch in the
    /// leader's log that is not above RaftFetch::last_epoch.
    std::optional<LogEnd> diverging;
    Offset high_watermark = kNoOffset;  ///< -1 while the leader does not know it
    bool has_records = false;

    bool operator==(const RaftFetchAnswer&) const = default;
};

/// How a Fetch ended without an answer. `refused`: the connection to the leader had ended, and it
/// takes no new one, so its process has ended.
enum class FetchFailure : std::uint8_t { no_answer, refused };

/// Contents of the LeaderChange record: the first record of an epoch, written by its leader.
struct LeaderChange {
    LeaderEpoch epoch;
    BrokerId leader;
    std::set<BrokerId> voters;
    std::set<BrokerId> granting_voters;

    bool operator==(const LeaderChange&) const = default;
};

}  // namespace hw::replication
