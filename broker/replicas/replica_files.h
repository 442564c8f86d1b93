#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "broker/replicas/file_queue.h"
#include "broker/replicas/local_replicas.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// Creates and removes the logs of replicas, and sets stray ones aside, behind the roles: each data
/// directory has lanes that take jobs from the queue, several at a time.
///
/// Lives on the control shard; owned by the metadata applier. `stop` must have ended before it is
/// destroyed.
class ReplicaFiles {
public:
    /// Lanes of each directory. Two creations overlap so that the file system can sync them
    /// together; the removals of one lane share their syncs anyway.
    static constexpr std::size_t kCreatingLanes = 2;
    static constexpr std::size_t kOtherLanes = 1;

    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
        storage::LogManager& logs;
        /// Takes a new log, or the reason why there is none.
        std::function<Task<>(LocalReplicaPtr, Result<storage::OpenedLog>)> take_log;
        /// The directory has one log less.
        std::function<void(storage::LogDirectory&)> tell_removed;
    };

    explicit ReplicaFiles(Ports ports) : ports_(std::move(ports)), lanes_(ports_.shard) {}
    ReplicaFiles(const ReplicaFiles&) = delete;
    ReplicaFiles& operator=(const ReplicaFiles&) = delete;

    /// Queues the creation of the log of `replica` in its directory. Nothing is created if the
    /// replica is removed before a lane takes it.
    void create(LocalReplicaPtr replica);
    /// Queues the removal of a log: first it is taken from the replica, which is offline, if one
    /// uses it. `why` completes the sentence "..., because ...".
    void remove(LocalReplicaPtr replica, std::string why);
    void remove(storage::LogDirectory& directory, storage::TopicPartition name, std::string why);
    /// Queues the renaming of a log that no replica uses: it is set aside.
    void set_aside(storage::LogDirectory& directory, storage::TopicPartition name, std::string why);
    /// Begins no further work. Replicas whose removal is dropped keep their logs.
    void begin_stop();
    /// Waits for the work under way; returns the replicas whose removal was dropped.
    [[nodiscard]] Task<std::vector<LocalReplicaPtr>> stop();

private:
    void add(FileJob job);
    void start_lanes();
    [[nodiscard]] Task<> run_lane(FileQueue::Place place);
    [[nodiscard]] Task<> create_all(const std::vector<FileJob>& jobs);
    [[nodiscard]] Task<> remove_all(const std::vector<FileJob>& jobs);
    [[nodiscard]] Task<> set_all_aside(const std::vector<FileJob>& jobs);
    [[nodiscard]] Task<> release_log(LocalReplica& local);
    void report_removal(const FileJob& job, const Result<void>& outcome);

    Ports ports_;
    FileQueue queue_;
    std::map<FileQueue::Place, std::size_t> running_;  ///< lanes
    std::vector<LocalReplicaPtr> kept_;                ///< removals that the stop dropped
    TaskGroup lanes_;
    bool stopping_ = false;
};

}  // namespace hw::broker
