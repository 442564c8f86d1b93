#include "replication/partition/fetch_wait.h"

#include <algorithm>
#include <utility>

namespace hw::replication {

WaitHandle<FetchWait> FetchWait::begin(Shard& shard, std::uint64_t missing_bytes, Done done) {
    return WaitHandle(std::make_shared<FetchWait>(shard, missing_bytes, std::move(done)));
}

void FetchWait::tell(const std::weak_ptr<FetchWait>& wait, std::uint64_t bytes) {
    if (auto waiting = wait.lock()) {
        Shard& shard = waiting->shard();
        shard.post([waiting = std::move(waiting), bytes] { waiting->gain(bytes); });
    }
}

void FetchWait::finish(const std::weak_ptr<FetchWait>& wait) {
    tell(wait, UINT64_MAX);
}

void FetchWait::gain(std::uint64_t bytes) {
    if (ended()) {
        return;
    }
    missing_bytes_ -= std::min(missing_bytes_, bytes);
    if (missing_bytes_ == 0) {
        end();
    }
}

}  // namespace hw::replication
