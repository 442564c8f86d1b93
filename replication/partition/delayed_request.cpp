#include "replication/partition/request_wait.h"

#include "replication/partition/wait_timers.h"

namespace hw::replication {

void RequestWait::abandon() {
    if (timers_ != nullptr) {
        timers_->remove(*this);
    }
    done_ = nullptr;
}

void RequestWait::end() {
    Done done = std::exchange(done_, nullptr);
    abandon();
    done();
}

}  // namespace hw::replication
