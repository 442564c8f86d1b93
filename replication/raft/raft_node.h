#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/record/compressor.h"
#include "replication/raft/raft_core.h"
#include "storage/log.h"
#include "storage/log_directory.h"
#include "storage/log_manager.h"

namespace hw::replication {

/// Who is told what the quorum decides, on the control shard, in order.
class RaftListener {
public:
    virtual ~RaftListener() = default;

    /// This node leads that epoch and may append; the next record gets `next_offset`.
    virtual void on_activate(LeaderEpoch epoch, Offset next_offset) = 0;
    /// All records below `end_offset` are committed.
    virtual void on_committed(Offset end_offset) = 0;
    /// The metadata log can no longer be written: the process must end.
    virtual void on_failure(const Error& reason) = 0;
};

/// What a raft node works with; all outlives it.
struct RaftServices {
    Shard& shard;
    const Clock& clock;
    storage::Disk& disk;
    storage::LogDirectory& directory;
    Logger log;
};

/// What `quorum-state` in that folder remembers; of a new voter, nothing. Blocks. Errors: corrupt,
/// unsupported, io.
[[nodiscard]] Result<ElectionState> load_election_state(storage::Disk& disk,
                                                        const std::string& folder);

/// The metadata log and the election state of one voter on disk: turns the core's effects into
/// writes and syncs, and their ends into steps of the core.
///
/// Lives on the control shard; owned by the node. `stop` of its directory must have ended before it
/// is destroyed.
class RaftNode final : public storage::LogOwner,
                       public TurnHook,
                       public std::enable_shared_from_this<RaftNode> {
public:
    /// `contents` is the opened log; `state` what quorum-state held.
    RaftNode(RaftServices services, RaftOptions options, storage::LogContents contents,
             ElectionState state, Random random);

    /// Begins with an election. `listener` outlives the node.
    void start(RaftListener& listener);
    /// Nobody waits in wait_committed any more; the beginning of a stop.
    void end_waits();
    /// For the clean stop of the log's directory, when nobody appends any more.
    [[nodiscard]] storage::ClosingLog closing_log();

    /// Appends one batch of records as the active leader; the offset of the first one. It is
    /// written at the end of the turn. Values are copied. Errors: invalid (not the active leader),
    /// limit (a batch of over 2 GiB), io (the log is offline).
    [[nodiscard]] Result<Offset> append(std::span<const ByteView> values);

    /// Whole batches below the high watermark, from the one with `from` on.
    [[nodiscard]] std::expected<storage::ReadAnswer, storage::AppendError> read(
        Offset from, std::size_t max_bytes, storage::ReadCursor& cursor) const;
    /// Ends when records at or beyond `offset` are committed, or at `deadline`, or with end_waits.
    [[nodiscard]] Task<> wait_committed(Offset offset, TimePoint deadline);

    [[nodiscard]] const RaftCore& core() const { return core_; }
    /// Where the next record goes.
    [[nodiscard]] Offset next_offset() const { return log_.staged_end_offset(); }

    void begin_sync(TakeJob take) override;
    void end_snapshot(storage::SnapshotJob job, const Result<void>& outcome) override;
    void end_sync(const storage::SyncTicket& ticket, const Result<void>& outcome) override;
    void on_offline(const Error& reason) override;
    void at_end_of_turn() override;

private:
    struct Waiter {
        Offset offset;
        Signal committed;
    };

    [[nodiscard]] storage::LogContext log_context();
    void execute(RaftEffects& effects);
    void persist(const ElectionState& state);
    void append_leader_change(const LeaderChange& change);
    [[nodiscard]] Result<void> stage(Buffer batch);
    void on_written(Offset end_offset, const Result<void>& outcome);
    void commit(Offset end_offset);
    void fail_for_good(const Error& reason);

    RaftServices services_;
    RaftOptions options_;
    storage::Log log_;
    RaftCore core_;
    storage::LogId log_id_;
    RaftListener* listener_ = nullptr;
    record::Compressor compressor_;
    std::vector<Buffer> unwritten_;  ///< batches that are staged, until their write has ended
    std::list<Waiter*> waiters_;
    bool waits_ended_ = false;
    bool failed_ = false;
};

}  // namespace hw::replication
