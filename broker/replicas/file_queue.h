#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "broker/replicas/local_replicas.h"
#include "storage/topic_partition.h"

namespace hw::broker {

enum class FileWork : std::uint8_t { create, remove, set_aside };

/// The creation or removal of one log, or the renaming of a stray one.
struct FileJob {
    FileWork work = FileWork::create;
    storage::LogDirectory* directory = nullptr;
    storage::TopicPartition name;
    LocalReplicaPtr replica;  ///< null if no replica uses the log
    std::string why;          ///< not of a creation; completes the sentence "..., because ..."
};

/// The jobs that wait for a lane. Jobs of one name are done one after the other, in the order of
/// adding; a job is ready when none of its name is before it. Its size is bounded by the number of
/// replicas and found logs, because each has at most one creation and one other job in it.
///
/// A core; owned by ReplicaFiles, used on the control shard.
class FileQueue {
public:
    /// Limit of the jobs that a lane takes at a time, so that one piece of blocking work does not
    /// take long.
    static constexpr std::size_t kMaxBatch = 16;

    /// Jobs with one place can be done together. The first is the path of the directory.
    using Place = std::pair<std::string, FileWork>;

    void add(const Place& place, FileJob job);
    /// Takes the oldest ready jobs of a place, kMaxBatch at most. Call `end` for the name of each.
    [[nodiscard]] std::vector<FileJob> take(const Place& place);
    /// The job of that name has ended; the next one is ready.
    void end(const storage::TopicPartition& name);
    /// Places with ready jobs.
    [[nodiscard]] std::vector<Place> ready() const;
    /// Hands over all jobs that nobody has taken.
    [[nodiscard]] std::vector<FileJob> clear();

private:
    using Waiting = std::deque<std::pair<Place, FileJob>>;

    std::map<Place, std::deque<FileJob>> ready_;  ///< no entry is empty
    /// The jobs behind the one of that name that is ready or taken.
    std::map<storage::TopicPartition, Waiting> behind_;
};

}  // namespace hw::broker
