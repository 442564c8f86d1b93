#include "broker/replicas/file_queue.h"

#include <algorithm>
#include <iterator>

namespace hw::broker {

void FileQueue::add(const Place& place, FileJob job) {
    const auto [waiting, is_first] = behind_.try_emplace(job.name);
    if (is_first) {
        ready_[place].push_back(std::move(job));
    } else {
        waiting->second.emplace_back(place, std::move(job));
    }
}

std::vector<FileJob> FileQueue::take(const Place& place) {
    const auto found = ready_.find(place);
    if (found == ready_.end()) {
        return {};
    }
    std::deque<FileJob>& jobs = found->second;
    const auto end = jobs.begin() + static_cast<std::ptrdiff_t>(std::min(jobs.size(), kMaxBatch));
    std::vector<FileJob> taken(std::move_iterator(jobs.begin()), std::move_iterator(end));
    jobs.erase(jobs.begin(), end);
    if (jobs.empty()) {
        ready_.erase(found);
    }
    return taken;
}

void FileQueue::end(const storage::TopicPartition& name) {
    const auto waiting = behind_.find(name);
    if (waiting == behind_.end()) {
        return;
    }
    if (waiting->second.empty()) {
        behind_.erase(waiting);
        return;
    }
    auto [place, job] = std::move(waiting->second.front());
    waiting->second.pop_front();
    ready_[place].push_back(std::move(job));
}

std::vector<FileQueue::Place> FileQueue::ready() const {
    std::vector<Place> places;
    for (const auto& [place, jobs] : ready_) {
        places.push_back(place);
    }
    return places;
}

std::vector<FileJob> FileQueue::clear() {
    std::vector<FileJob> all;
    for (auto& [place, jobs] : std::exchange(ready_, {})) {
        std::ranges::move(jobs, std::back_inserter(all));
    }
    for (auto& [name, waiting] : std::exchange(behind_, {})) {
        for (auto& [place, job] : waiting) {
            all.push_back(std::move(job));
        }
    }
    return all;
}

}  // namespace hw::broker
