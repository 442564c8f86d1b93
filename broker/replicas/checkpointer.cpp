#include "broker/replicas/checkpointer.h"

namespace hw::broker {

Task<> Checkpointer::stop() {
    stopping_ = true;
    stop_.set();
    co_await tasks_.wait_idle();
}

Task<> Checkpointer::run() {
    while (!stopping_) {
        co_await ports_.shard.wait(stop_, ports_.clock.now() + kInterval);
        if (!stopping_) {
            co_await write();
        }
    }
}

Task<> Checkpointer::write() {
    const auto watermarks = co_await ports_.replicas.high_watermarks();
    // After a failed write the directory goes offline and reports that itself.
    const auto ignore = [](const Result<void>&) {};
    for (const auto& [directory, offsets] : watermarks) {
        directory->write_high_watermarks(offsets, ignore);
    }
    for (const auto& directory : ports_.logs.directories()) {
        directory->write_recovery_points(ignore);
    }
}

}  // namespace hw::broker
