#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/clock.h"
#include "protocol/base/shard.h"
#include "storage/log_jobs.h"

namespace hw::storage {

/// Number of a log within its directory; never reused.
using LogId = Id<struct LogIdTag, std::int64_t>;

/// Whether a request waits for the durable end of a log.
enum class SyncUrgency : std::uint8_t { background, waited_for };

/// Interface between a directory and the owner of one of its logs. All functions are called on the
/// directory's shard; the owner enters the guard of the log from there.
class LogOwner {
public:
    using TakeJob = std::move_only_function<void(std::optional<SyncJob>)>;

    virtual ~LogOwner() = default;

    /// Calls log.begin_sync() and hands the job to `take`, now or later, on any thread.
    virtual void begin_sync(TakeJob take) = 0;
    /// Calls log.on_synced().
    virtual void end_sync(const SyncTicket& ticket, const Result<void>& outcome) = 0;
    /// Calls log.on_snapshot_written(), unless the log has been released meanwhile.
    virtual void end_snapshot(SnapshotJob job, const Result<void>& outcome) = 0;
    /// Calls log.go_offline(): the directory failed.
    virtual void on_offline(const Error& reason) = 0;
};

/// Group commit of one data directory. A round syncs the files of all dirty logs on the disk's
/// threads and reports the outcome to each owner. Only one round runs at a time. The next one
/// begins at once if a request waits for it, else after `interval` or after `max_unsynced_bytes`.
///
/// A sync job may carry a producer snapshot. Snapshots are written after the sync, one at a time,
/// in parallel to later rounds, so that a large one does not delay acknowledgements.
///
/// Owned by its directory; lives on the home shard, where everything but `request` is called.
/// After the first failed sync every later one fails with the same error.
class Committer {
public:
    struct Settings {
        std::string directory;  ///< its threads do the work
        Duration interval = std::chrono::milliseconds(50);
        std::uint64_t max_unsynced_bytes = std::uint64_t{64} << 20;
        std::size_t lanes = 2;  ///< syncs at a time
    };
    /// Called with the outcome of each sync job, before the owner is.
    using Observer = std::function<void(LogId, const SyncTicket&, const Result<void>&)>;

    /// Maximum of logs that one work item syncs. A disk counts as hung when no item ends for long,
    /// so an item must not take too long.
    static constexpr std::size_t kMaxLogsPerWork = 64;

    Committer(Disk& disk, Shard& home, const Clock& clock, Settings settings, Observer observer);

    void start() { tasks_.spawn(run()); }
    /// Waits for the current round and snapshot; required before destruction.
    [[nodiscard]] Task<> stop();

    void add(LogId id, std::shared_ptr<LogOwner> owner) { owners_[id] = std::move(owner); }
    /// The current round may still sync the log; see wait_for_round.
    void remove(LogId id);
    /// Waits for the current round and snapshot. Logs that were removed before the call are not
    /// touched afterwards.
    [[nodiscard]] Task<> wait_for_round();
    /// Asks for a sync of a log that has `bytes` more unsynced bytes. Owners call it once between
    /// two begin_sync, and again when the urgency rises. Any thread.
    void request(LogId id, SyncUrgency urgency, std::uint64_t bytes);
    /// Makes every later sync fail with this error.
    void fail_all(const Error& reason) { failure_ = reason; }

private:
    struct Item {
        LogId id;
        std::shared_ptr<LogOwner> owner;
        SyncJob job;
        Result<void> outcome;
    };
    using Lane = std::vector<Item>;
    struct Snapshot {
        LogId id;
        std::shared_ptr<LogOwner> owner;
        SnapshotJob job;
        Result<void> outcome;
    };
    using Waiters = std::vector<std::shared_ptr<Signal>>;

    [[nodiscard]] Task<> run();
    [[nodiscard]] TimePoint due() const;
    void begin_round();
    void collected(LogId id, const std::shared_ptr<LogOwner>& owner, std::optional<SyncJob> job);
    void sync_collected();
    void end_lane(Lane& lane, BlockingEnd end);
    void end_round_if_done();
    void begin_snapshot();
    void end_snapshot(Snapshot& snapshot, BlockingEnd end);
    [[nodiscard]] Task<> wait_in(Waiters& waiters);
    static void wake_all(Waiters& waiters);

    Disk* disk_;
    Shard* home_;
    const Clock* clock_;
    Settings settings_;
    Observer observer_;
    TaskGroup tasks_;
    Signal wake_;
    bool stopping_ = false;

    std::map<LogId, std::shared_ptr<LogOwner>> owners_;
    std::map<LogId, std::shared_ptr<LogOwner>> dirty_;
    std::uint64_t dirty_bytes_ = 0;
    bool waited_for_ = false;
    TimePoint first_dirty_{};

    bool round_ = false;
    std::size_t to_collect_ = 0;
    std::size_t lanes_running_ = 0;
    Waiters round_waiters_;
    std::vector<Item> items_;
    std::deque<Snapshot> snapshots_;  ///< waiting to be written; at most one per log
    bool snapshot_is_running_ = false;
    Waiters snapshot_waiters_;
    std::optional<Error> failure_;
};

}  // namespace hw::storage
