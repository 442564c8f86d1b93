#include "replication/partition/delayed_fetch.h"

#include <algorithm>
#include <utility>

namespace hw::replication {

WaitHandle<DelayedFetch> DelayedFetch::begin(Shard& shard, std::uint64_t missing_bytes, Done done) {
    return WaitHandle(std::make_shared<DelayedFetch>(shard, missing_bytes, std::move(done)));
}

void DelayedFetch::report_bytes(const std::weak_ptr<DelayedFetch>& wait, std::uint64_t bytes) {
    if (auto waiting = wait.lock()) {
        Shard& shard = waiting->shard();
        shard.post([waiting = std::move(waiting), bytes] { waiting->gain(bytes); });
    }
}

void DelayedFetch::finish(const std::weak_ptr<DelayedFetch>& wait) {
    report_bytes(wait, UINT64_MAX);
}

void DelayedFetch::end_by(const std::weak_ptr<DelayedFetch>& wait, TimePoint deadline) {
    if (auto waiting = wait.lock()) {
        Shard& shard = waiting->shard();
        shard.post([waiting = std::move(waiting), deadline] { waiting->set_earlier(deadline); });
    }
}

void DelayedFetch::gain(std::uint64_t bytes) {
    if (ended()) {
        return;
    }
    missing_bytes_ -= std::min(missing_bytes_, bytes);
    if (missing_bytes_ == 0) {
        end();
    }
}

}  // namespace hw::replication
