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

/// Port: gets the events of the quorum, in order. Called on the control shard.
class RaftListener {
public:
    virtual ~RaftListener() = default;

    /// This node is the active leader in `epoch` and may append; the next record gets
    /// `next_offset`.
    virtual void on_activate(LeaderEpoch epoch, Offset next_offset) = 0;
    /// All records below `end_offset` are committed.
    virtual void on_committed(Offset end_offset) = 0;
    /// The metadata log has failed: the process must end. Called once.
    virtual void on_failure(const Error& reason) = 0;
};

/// Services of a raft node, which must outlive it.
struct RaftServices {
    Shard& shard;
    const Clock& clock;
    storage::Disk& disk;
    storage::LogDirectory& directory;
    Logger log;
};

/// Reads `quorum-state` in `folder`; returns the initial state if there is no such file. Blocks.
/// Errors: corrupt, unsupported, io.
[[nodiscard]] Result<ElectionState> load_election_state(storage::Disk& disk,
                                                        const std::string& folder);

/// A voter of the metadata quorum: the RaftCore with its log and election state on disk. It
/// executes the core's effects as writes and syncs, and reports their completion to the core.
///
/// Lives on the control shard; owned by the node. `stop` of its data directory must have ended
/// before it is destroyed.
class RaftNode final : public storage::LogOwner,
                       public TurnHook,
                       public std::enable_shared_from_this<RaftNode> {
public:
    /// `contents` is the opened metadata log; `state` comes from load_election_state.
    RaftNode(RaftServices services, RaftOptions options, storage::LogContents contents,
             ElectionState state, Random random);

    /// Starts with an election. `listener` must outlive the node.
    void start(RaftListener& listener);
    /// Ends all current and later calls of wait_committed. First step of a stop.
    void end_waits();
    /// The log, to be closed with its directory. Call after the last append.
    [[nodiscard]] storage::ClosingLog closing_log();

    /// Appends one batch of records and returns the offset of the first one. The batch is written
    /// at the end of the turn. Values are copied. Errors: invalid (this node does not lead), limit
    /// (a batch over 2 GiB), io (the log refuses the batch: it is offline, or the batch is larger
    /// than a segment).
    [[nodiscard]] Result<Offset> append(std::span<const ByteView> values);

    /// Reads whole batches below the high watermark, beginning with the one that contains `from`.
    [[nodiscard]] std::expected<storage::ReadAnswer, wire::Refusal> read(
        Offset from, std::size_t max_bytes, storage::ReadCursor& cursor) const;
    /// Waits until the record at `offset` is committed, until `deadline`, or until end_waits or the
    /// failure of the log; the caller checks which one it was. A wait that begins after the failure
    /// lasts until `deadline` or end_waits, so that a caller which asks again does not spin.
    [[nodiscard]] Task<> wait_committed(Offset offset, TimePoint deadline);

    [[nodiscard]] const RaftCore& core() const { return core_; }
    /// Offset of the next record to append.
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
    std::vector<Buffer> unwritten_;  ///< staged batches, until their write begins
    std::list<Waiter*> waiters_;
    bool waits_ended_ = false;
    bool failed_ = false;
};

}  // namespace hw::replication
