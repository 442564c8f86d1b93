#include "broker/replicas/checkpointer.h"

#include <map>

namespace hw::broker {

Task<> Checkpointer::stop() {
    stopping_ = true;
    stop_.set();
    co_await tasks_.wait_idle();
}

Task<> Checkpointer::run() {
    bool is_last = false;
    while (!is_last) {
        co_await ports_.shard.wait(stop_, ports_.clock.now() + kInterval);
        is_last = stopping_;
        co_await write();
    }
}

Task<> Checkpointer::write() {
    std::map<const storage::LogDirectory*, std::int64_t> truncations;
    for (const auto& directory : ports_.logs.directories()) {
        truncations[directory.get()] = directory->truncations();
    }
    const auto watermarks = co_await ports_.replicas.high_watermarks();
    // After a failed write the directory goes offline and reports that itself.
    const auto ignore = [](const Result<void>&) {};
    for (const auto& [directory, offsets] : watermarks) {
        // What was collected before a truncation may be too high after it; the next pass comes
        // soon.
        if (directory->truncations() == truncations[directory]) {
            directory->write_high_watermarks(offsets, ignore);
        }
    }
    for (const auto& directory : ports_.logs.directories()) {
        directory->write_recovery_points(ignore);
    }
}

}  // namespace hw::broker
