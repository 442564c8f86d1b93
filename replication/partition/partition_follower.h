#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/wire/error_code.h"
#include "replication/partition/partition_facts.h"
#include "replication/partition/partition_options.h"
#include "storage/epoch_cache.h"

namespace hw::replication {

/// What a follower asks its leader for, in one partition of a Fetch.
struct FetchPosition {
    BrokerId leader;
    LeaderEpoch leader_epoch;
    Offset offset;                                    ///< acknowledges everything below it
    LeaderEpoch last_fetched_epoch = kNoLeaderEpoch;  ///< of the batch before `offset`
    Offset log_start_offset;                          ///< consumers can read from here on
    /// If consumers read here: the high watermark that they see. The leader answers soon when its
    /// own is above it, even without records. kNoReaders: there is no need to.
    Offset shown_high_watermark = kNoReaders;

    static constexpr Offset kNoReaders{INT64_MAX};

    bool operator==(const FetchPosition&) const = default;
};

/// The leader's answer to that.
struct FetchedPartition {
    FetchPosition asked;
    wire::ErrorCode error = wire::ErrorCode::none;
    std::optional<storage::EpochEnd> diverging;  ///< where the leader's log left the follower's
    Offset high_watermark = kNoOffset;
    Offset log_start_offset = kNoOffset;
    ByteView records;  ///< whole batches; the last one may be cut off
};

/// The follower's own log, as the core needs it.
struct FollowerLog {
    const storage::EpochCache& epochs;
    Offset log_start_offset;
    LogEnds ends;
    bool is_busy = false;  ///< it is being written or truncated
};

/// Deliberate bugs; see LeaderMutants.
struct FollowerMutants {
    bool fetches_before_sync = false;  ///< acknowledges records of a `disk` topic before the sync
    bool truncates_to_watermark = false;      ///< instead of by epochs (as before KIP-101)
    bool takes_end_of_other_epoch = false;    ///< does not look up its own epochs (KIP-279)
    bool takes_diverging_watermark = false;   ///< KAFKA-14704
    bool watermark_beyond_log_end = false;    ///< the leader's watermark counts as it is
    bool takes_answers_of_other_log = false;  ///< also if it was cut and written since
};

/// What the core asks for; at most one of the first three.
struct FollowerEffects {
    /// Remove everything from this offset on. Fetches go on when that is done.
    std::optional<Offset> truncate_to;
    /// Remove everything; the log then begins here.
    std::optional<Offset> restart_at;
    bool append = false;  ///< write the records of the answer
    /// The truncation removes records below the high watermark, which happens only after an unclean
    /// election.
    bool loses_committed = false;
    std::optional<Offset> log_start_offset;  ///< raise the log start to this offset
    std::optional<Offset> high_watermark;    ///< the new high watermark, if it has moved
    /// Why to wait before the next fetch; empty: go on at once.
    std::string pause;
};

/// Follower half of one partition, a core: where to fetch, when to cut the log, and the high
/// watermark.
///
/// A fetch acknowledges what is below its offset. So in a `disk` topic the follower fetches only
/// when its whole log is durable. It cuts its log only where the leader says that the logs differ
/// (KIP-101, KIP-279, KIP-320). It counts a record as committed when the leader does and it has the
/// record; the watermark never decreases, unless the log is cut below it.
///
/// Does no I/O, reads no clock, takes no lock; called only inside the partition's guard.
class PartitionFollower {
public:
    PartitionFollower(BrokerId leader, LeaderEpoch epoch, Offset high_watermark,
                      FollowerMutants mutants = {})
        : leader_(leader), epoch_(epoch), high_watermark_(high_watermark), mutants_(mutants) {}

    /// Where to fetch now; nothing while the log is busy or, in a `disk` topic, not durable.
    [[nodiscard]] std::optional<FetchPosition> next_fetch(const FollowerLog& log,
                                                          Durability durability) const;
    /// Takes an answer. Ignored if it is not the answer to what next_fetch says now.
    void on_fetched(const FetchedPartition& answer, const FollowerLog& log,
                    FollowerEffects& effects);
    /// The log has another start or end, by a write or a truncation.
    void on_log_moved(const FollowerLog& log, FollowerEffects& effects);

    [[nodiscard]] BrokerId leader() const { return leader_; }
    [[nodiscard]] LeaderEpoch epoch() const { return epoch_; }
    [[nodiscard]] Offset high_watermark() const { return high_watermark_; }

private:
    [[nodiscard]] bool is_current(const FetchPosition& asked, const FollowerLog& log) const;
    void cut(const storage::EpochEnd& diverging, const FollowerLog& log, FollowerEffects& effects);
    void restart(const FetchedPartition& answer, const FollowerLog& log, FollowerEffects& effects);
    void take_records(const FetchedPartition& answer, const FollowerLog& log,
                      FollowerEffects& effects);
    void advance(Offset log_start, Offset log_end, FollowerEffects& effects);

    BrokerId leader_;
    LeaderEpoch epoch_;
    Offset leader_high_watermark_ = kNoOffset;  ///< that the leader told last
    Offset high_watermark_;
    FollowerMutants mutants_;
};

}  // namespace hw::replication
