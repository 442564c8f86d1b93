#include "broker/replicas/replica_files.h"

#include <utility>

#include "broker/replicas/guard_entries.h"

namespace hw::broker {

using replication::PartitionReplica;
using storage::LogDirectory;
using storage::TopicPartition;

void ReplicaFiles::create(LocalReplicaPtr replica) {
    LogDirectory* const directory = replica->directory;
    TopicPartition name = replica->name;
    add({FileWork::create, directory, std::move(name), std::move(replica), {}});
}

void ReplicaFiles::remove(LocalReplicaPtr replica, std::string why) {
    LogDirectory* const directory = replica->directory;
    TopicPartition name = replica->name;
    add({FileWork::remove, directory, std::move(name), std::move(replica), std::move(why)});
}

void ReplicaFiles::remove(LogDirectory& directory, TopicPartition name, std::string why) {
    add({FileWork::remove, &directory, std::move(name), nullptr, std::move(why)});
}

void ReplicaFiles::set_aside(LogDirectory& directory, TopicPartition name, std::string why) {
    add({FileWork::set_aside, &directory, std::move(name), nullptr, std::move(why)});
}

void ReplicaFiles::add(FileJob job) {
    const FileQueue::Place place(job.directory->path(), job.work);
    queue_.add(place, std::move(job));
    start_lanes();
}

void ReplicaFiles::start_lanes() {
    for (const FileQueue::Place& place : queue_.ready()) {
        const std::size_t most = place.second == FileWork::create ? kCreatingLanes : kOtherLanes;
        std::size_t& running = running_[place];
        if (running < most && !stopping_) {
            ++running;
            lanes_.spawn(run_lane(place));
        }
    }
}

Task<> ReplicaFiles::run_lane(FileQueue::Place place) {
    while (!stopping_) {
        const std::vector<FileJob> jobs = queue_.take(place);
        if (jobs.empty()) {
            break;
        }
        switch (place.second) {
            case FileWork::create:
                co_await create_all(jobs);
                break;
            case FileWork::remove:
                co_await remove_all(jobs);
                break;
            case FileWork::set_aside:
                co_await set_all_aside(jobs);
                break;
        }
        for (const FileJob& job : jobs) {
            queue_.end(job.name);
        }
        start_lanes();
    }
    --running_[place];
}

Task<> ReplicaFiles::create_all(const std::vector<FileJob>& jobs) {
    std::vector<LocalReplicaPtr> wanted;
    std::vector<storage::NewLog> logs;
    LogDirectory& directory = *jobs.front().directory;
    for (const FileJob& job : jobs) {
        if (job.replica->is_removed) {
            ports_.tell_removed(directory);
            continue;
        }
        job.replica->state = LogState::creating;
        wanted.push_back(job.replica);
        logs.push_back({job.name, job.replica->key.topic});
    }
    if (wanted.empty()) {
        co_return;
    }
    auto created = co_await ports_.logs.create(directory, std::move(logs));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        co_await ports_.take_log(wanted[i], std::move(created[i]));
    }
}

Task<> ReplicaFiles::remove_all(const std::vector<FileJob>& jobs) {
    std::vector<TopicPartition> names;
    LogDirectory& directory = *jobs.front().directory;
    for (const FileJob& job : jobs) {
        if (job.replica != nullptr) {
            co_await release_log(*job.replica);
            ports_.tell_removed(directory);
        }
        names.push_back(job.name);
    }
    const auto removed = co_await ports_.logs.remove(directory, std::move(names));
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        report_removal(jobs[i], removed[i]);
    }
}

Task<> ReplicaFiles::set_all_aside(const std::vector<FileJob>& jobs) {
    std::vector<TopicPartition> names;
    LogDirectory& directory = *jobs.front().directory;
    for (const FileJob& job : jobs) {
        names.push_back(job.name);
    }
    const auto outcomes = co_await ports_.logs.set_aside(directory, std::move(names));
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const FileJob& job = jobs[i];
        if (outcomes[i]) {
            ports_.log.warning(
                "the log of {} in {} is set aside as {}, because {}. Remove that folder when its "
                "records are not needed any more",
                job.name, directory.path(), outcomes[i]->folder, job.why);
        } else {
            ports_.log.error("cannot set the log of {} in {} aside, although {}: {}", job.name,
                             directory.path(), job.why, outcomes[i].error().message);
        }
    }
}

Task<> ReplicaFiles::release_log(LocalReplica& local) {
    if (!local.has_log()) {
        co_return;
    }
    co_await wait_until_idle(ports_.shard, ports_.clock, local.replica);
    local.directory->remove(local.log);
    auto drop = [](PartitionReplica& replica) { const auto log = replica.release_log(); };
    co_await run_in_guard(ports_.shard, local.replica, std::move(drop));
}

void ReplicaFiles::report_removal(const FileJob& job, const Result<void>& outcome) {
    if (outcome) {
        ports_.log.info("removed the log of {} from {}, because {}", job.name,
                        job.directory->path(), job.why);
    } else {
        ports_.log.error("cannot remove the log of {} from {}, although {}: {}", job.name,
                         job.directory->path(), job.why, outcome.error().message);
    }
}

void ReplicaFiles::begin_stop() {
    stopping_ = true;
    for (FileJob& job : queue_.clear()) {
        if (job.work == FileWork::remove && job.replica != nullptr) {
            kept_.push_back(std::move(job.replica));
        }
    }
}

Task<std::vector<LocalReplicaPtr>> ReplicaFiles::stop() {
    begin_stop();
    co_await lanes_.wait_idle();
    co_return std::exchange(kept_, {});
}

}  // namespace hw::broker
