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

/// A log as its directory numbers it; never used twice.
using LogId = Id<struct LogIdTag, std::int64_t>;

/// Whether somebody waits for the durable end of a log.
enum class SyncUrgency : std::uint8_t { background, waited_for };

/// The owner of a log, seen from its directory. All is called on the directory's shard; the owner
/// enters the guard of the log from there.
class LogOwner {
public:
    using TakeJob = std::move_only_function<void(std::optional<SyncJob>)>;

    virtual ~LogOwner() = default;

    /// Calls log.begin_sync() and hands the job to `take`, now or later, on any thread.
    virtual void begin_sync(TakeJob take) = 0;
    /// Calls log.on_synced().
    virtual void end_sync(const SyncTicket& ticket, const Result<void>& outcome) = 0;
    /// Calls log.on_snapshot_written(). The log may have been released meanwhile.
    virtual void end_snapshot(SnapshotJob job, const Result<void>& outcome) = 0;
    /// Calls log.go_offline(): the directory failed.
    virtual void on_offline(const Error& reason) = 0;
};

/// Group commit of one data directory: takes all logs that are dirty, syncs their files on the
/// disk's threads, tells each owner, repeats. A round begins at once when somebody waits and none
/// is under way; else after `interval`, or when `max_unsynced_bytes` have been reported.
///
/// Producer snapshots come with the syncs and are written after them, one at a time, beside the
/// next rounds: a large one delays no acknowledgement.
///
/// Owned by its directory; lives on the home shard, where everything but `request` is called.
/// After the first failed sync every later one fails with its error.
class Committer {
public:
    struct Settings {
        std::string directory;  ///< whose threads do the work
        Duration interval = std::chrono::milliseconds(50);
        std::uint64_t max_unsynced_bytes = std::uint64_t{64} << 20;
        std::size_t lanes = 2;  ///< syncs at a time
    };
    /// Told of each job's end before the owner is.
    using Observer = std::function<void(LogId, const SyncTicket&, const Result<void>&)>;

    /// Logs of one work of the disk's threads at most: one that hangs is told from one that is busy
    /// by works that end.
    static constexpr std::size_t kLogsOfLane = 64;

    Committer(Disk& disk, Shard& home, const Clock& clock, Settings settings, Observer observer);

    /// Begins to watch the time.
    void start() { tasks_.spawn(run()); }
    /// Ends after the round and the snapshot that are under way; required before destruction.
    [[nodiscard]] Task<> stop();

    void add(LogId id, std::shared_ptr<LogOwner> owner) { owners_[id] = std::move(owner); }
    /// A round that is under way still ends for it; see wait_for_round.
    void remove(LogId id);
    /// Ends when the round and the snapshot that are under way have ended. What was removed before
    /// is then left alone.
    [[nodiscard]] Task<> wait_for_round();
    /// Any thread. The log has `bytes` more that are not synced. Owners ask once between two
    /// begin_sync, and again when the urgency rises.
    void request(LogId id, SyncUrgency urgency, std::uint64_t bytes);
    /// From now on every sync fails like this.
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
    std::deque<Snapshot> snapshots_;  ///< that wait; at most one a log
    bool snapshot_is_running_ = false;
    Waiters snapshot_waiters_;
    std::optional<Error> failure_;
};

}  // namespace hw::storage
