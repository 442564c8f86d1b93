#include "broker/hang_watch.h"

#include <algorithm>
#include <utility>

namespace hw::broker {

HangWatch::HangWatch(const Ports& ports, std::vector<std::string> directories)
    : ports_(ports), directories_(std::move(directories)), tasks_(ports.shard) {}

Task<> HangWatch::stop() {
    stopping_ = true;
    stop_.set();
    co_await tasks_.wait_idle();
}

Task<> HangWatch::run() {
    while (!stopping_) {
        for (const std::string& directory : directories_) {
            look(directory);
        }
        co_await ports_.shard.wait(stop_, ports_.clock.now() + kInterval);
    }
}

void HangWatch::look(const std::string& directory) {
    const storage::BlockingProgress progress = ports_.disk.progress(directory);
    const TimePoint now = ports_.clock.now();
    const auto [seen, is_first] = seen_.try_emplace(directory, progress.ended, now);
    if (progress.pending == 0 || progress.ended != seen->second.ended) {
        seen->second = {progress.ended, now};
    }
    if (now - seen->second.since < kLimit || std::ranges::count(hung_, directory) != 0) {
        return;
    }
    hung_.push_back(directory);
    ports_.log.error(
        "data directory {} hangs: {} operations wait for its disk, and none has ended for {} s. "
        "The stop goes on without this directory: it gets no marker of a clean stop, and the next "
        "start checks its logs",
        directory, progress.pending,
        std::chrono::duration_cast<std::chrono::seconds>(kLimit).count());
    ports_.disk.abandon(directory);
}

}  // namespace hw::broker
