#include "replication/partition/delayed_request.h"

#include "replication/partition/wait_timers.h"

namespace hw::replication {

void DelayedRequest::abandon() {
    if (timers_ != nullptr) {
        timers_->remove(*this);
    }
    done_ = nullptr;
}

void DelayedRequest::set_earlier(TimePoint deadline) {
    if (timers_ != nullptr && deadline < deadline_) {
        timers_->set_earlier(*this, deadline);
    }
}

void DelayedRequest::end() {
    Done done = std::exchange(done_, nullptr);
    abandon();
    done();
}

}  // namespace hw::replication
