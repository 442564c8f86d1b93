#include "broker/replicas/isr_watch.h"

namespace hw::broker {

Task<> IsrWatch::stop() {
    stopping_ = true;
    wake_.set();
    co_await tasks_.wait_idle();
}

Task<> IsrWatch::run() {
    while (!stopping_) {
        co_await shard_.wait(wake_, clock_.now() + kInterval);
        if (!stopping_) {
            co_await replicas_.check_isrs(session_end_(), session_timeout_);
        }
    }
}

}  // namespace hw::broker
