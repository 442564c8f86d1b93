#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/record/compressor.h"
#include "replication/peer/peer_client.h"
#include "replication/raft/raft_core.h"
#include "replication/raft/raft_wire.h"
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
    /// This node no longer leads `epoch`, for which on_activate was called. Records that were
    /// appended and are not committed may be lost.
    virtual void on_resign(LeaderEpoch epoch) = 0;
    /// All records below `end_offset` are committed.
    virtual void on_committed(Offset end_offset) = 0;
    /// The leader of the newest epoch, as far as known, has changed; -1: none is known.
    virtual void on_leader(BrokerId leader) = 0;
    /// The metadata log has failed: the process must end. Called once.
    virtual void on_failure(const Error& reason) = 0;
};

/// The connections to another voter. A Fetch may wait long, so it has a connection of its own.
struct RaftPeer {
    PeerClient* calls = nullptr;
    PeerClient* fetches = nullptr;
};

/// Services of a raft node, which must outlive it.
struct RaftServices {
    Shard& shard;
    const Clock& clock;
    storage::Disk& disk;
    storage::LogDirectory& directory;
    Logger log;
    RaftSender sender;
    std::map<BrokerId, RaftPeer> peers;  ///< all voters but this node
};

/// Reads `quorum-state` in `folder`; returns the initial state if there is no such file. Blocks.
/// Errors: corrupt, unsupported, io.
[[nodiscard]] Result<ElectionState> load_election_state(storage::Disk& disk,
                                                        const std::string& folder);

/// A member of the metadata quorum: the RaftCore with its log and election state on disk, and its
/// connections to the voters. It executes the core's effects, and reports their completion to it.
///
/// Lives on the control shard; owned by the node. `stop`, and the stop of its data directory, must
/// have ended before it is destroyed.
class RaftNode final : public storage::LogOwner,
                       public TurnHook,
                       public std::enable_shared_from_this<RaftNode> {
public:
    /// `contents` is the opened metadata log; `state` comes from load_election_state.
    RaftNode(RaftServices services, RaftOptions options, storage::LogContents contents,
             ElectionState state, Random random);

    /// Joins the quorum. `listener` must outlive the node.
    void start(RaftListener& listener);
    /// Gives up the leadership, if this node has it, so that the other voters elect a leader
    /// without waiting for a time-out. Returns when they know, or after a short time.
    [[nodiscard]] Task<> resign();
    /// Ends all current and later waits.
    void end_waits();
    /// Sends nothing more. The connections to the peers must have been stopped.
    [[nodiscard]] Task<> stop();
    /// The log, to be closed with its directory. Call after the last append.
    [[nodiscard]] storage::ClosingLog closing_log();

    /// Appends one batch of records and returns the offset of the first one. The batch is written
    /// at the end of the turn. Values are copied. Errors: invalid (this node does not lead), limit
    /// (a batch over 2 GiB), io (the log refuses the batch: it is offline, or the batch is larger
    /// than a segment).
    [[nodiscard]] Result<Offset> append(std::span<const ByteView> values);

    /// Reads whole batches below `end_offset`, which is at most the end of the written log,
    /// beginning with the one that contains `from`.
    [[nodiscard]] std::expected<storage::ReadAnswer, wire::Refusal> read(
        Offset from, Offset end_offset, std::size_t max_bytes, storage::ReadCursor& cursor) const;
    /// Waits until the record at `offset` is committed, until `deadline`, or until end_waits or the
    /// failure of the log; the caller checks which one it was. A wait that begins after the failure
    /// lasts until `deadline` or end_waits, so that a caller which asks again does not spin.
    [[nodiscard]] Task<> wait_committed(Offset offset, TimePoint deadline);
    /// Waits until a Fetch that begins at `offset` finds a record, the high watermark is above
    /// `high_watermark`, this node does not lead `epoch`, or until the ends of wait_committed.
    [[nodiscard]] Task<> wait_fetchable(Offset offset, Offset high_watermark, LeaderEpoch epoch,
                                        TimePoint deadline);

    /// Requests of other nodes. The answers are ready when this node's state is on stable storage;
    /// there is none if it cannot be written, or after end_waits.
    [[nodiscard]] Task<std::optional<EpochAnswer>> vote(VoteCall call);
    [[nodiscard]] Task<std::optional<EpochAnswer>> begin_epoch(BeginEpochCall call);
    [[nodiscard]] Task<std::optional<EpochAnswer>> end_epoch(EndEpochCall call);
    [[nodiscard]] FetchVerdict fetch(BrokerId replica, const RaftFetch& call);

    /// A write of quorum-state is under way, or has failed. What the core has become meanwhile
    /// shows to nobody yet.
    [[nodiscard]] bool is_persisting() const { return persisting_ || failed_; }
    [[nodiscard]] const RaftCore& core() const { return core_; }
    /// Offset of the next record to append.
    [[nodiscard]] Offset next_offset() const { return log_.staged_end_offset(); }
    /// The end of the log that can be read.
    [[nodiscard]] Offset written_end_offset() const { return log_.log_end_offset(); }

    void begin_sync(TakeJob take) override;
    void end_snapshot(storage::SnapshotJob job, const Result<void>& outcome) override;
    void end_sync(const storage::SyncTicket& ticket, const Result<void>& outcome) override;
    void on_offline(const Error& reason) override;
    void at_end_of_turn() override;

private:
    /// A coroutine that waits for `is_over`.
    struct Waiter {
        std::function<bool()> is_over;
        Signal woken;
    };

    /// How long a resignation waits for the other voters.
    static constexpr Duration kResignLimit = std::chrono::milliseconds(500);

    [[nodiscard]] storage::LogContext log_context();
    /// Gives the core an input, and executes what it asks for.
    template <class Input>
    void input(Input give) {
        RaftEffects effects;
        give(services_.clock.now(), effects);
        execute(std::move(effects));
    }
    void execute(RaftEffects effects);
    void drain();
    void carry_out(RaftEffects& effects);
    void persist(const ElectionState& state);
    [[nodiscard]] Task<bool> persisted();
    [[nodiscard]] Task<> watch();
    [[nodiscard]] Task<> send(RaftCall call);
    [[nodiscard]] Task<> send_fetch(RaftFetch call);
    void take(const RaftFetch& call, const FetchReply& reply);
    [[nodiscard]] Result<void> take_records(ByteView records);
    void truncate(Offset end_offset);
    void append_leader_change(const LeaderChange& change);
    [[nodiscard]] Result<void> stage(Buffer batch, LeaderEpoch epoch);
    void write_later(Buffer batches);
    void on_written(const Result<void>& outcome);
    [[nodiscard]] Task<> wait(std::function<bool()> is_over, TimePoint deadline);
    void wake_waiters();
    void fail_for_good(const Error& reason);
    /// Logs a trouble with a peer, unless that was the last one.
    void report(BrokerId peer, const std::string& trouble);
    /// Logs the errors that a wrong configuration causes.
    void report_refusal(BrokerId peer, wire::ErrorCode code);

    RaftServices services_;
    storage::Log log_;
    RaftCore core_;
    storage::LogId log_id_;
    RaftListener* listener_ = nullptr;
    record::Compressor compressor_;
    std::vector<Buffer> unwritten_;   ///< staged batches, until their write begins
    std::deque<RaftEffects> outbox_;  ///< effects that wait for a write of quorum-state
    bool persisting_ = false;
    bool connection_ended_ = false;  ///< of the newest Fetch, or it could not be made
    BrokerId told_leader_ = kNoBroker;
    std::optional<LeaderEpoch> active_epoch_;  ///< for which the listener was activated
    std::list<Waiter*> waiters_;
    std::list<Signal*> persist_waiters_;
    std::map<BrokerId, std::string> troubles_;  ///< the last one with each peer
    TaskGroup tasks_;
    Signal deadline_changed_;
    Signal persist_ended_;
    std::size_t calls_under_way_ = 0;
    bool waits_ended_ = false;
    bool is_started_ = false;
    bool is_leaving_ = false;  ///< it has resigned and is about to stop: troubles are normal
    bool stopping_ = false;
    bool failed_ = false;
};

}  // namespace hw::replication
