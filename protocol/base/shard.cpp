#include "protocol/base/shard.h"

#include <algorithm>

namespace hw {

TurnHook::~TurnHook() {
    if (registered_in_ != nullptr) {
        registered_in_->remove(*this);
    }
}

TurnHooks::~TurnHooks() {
    for (std::vector<TurnHook*>* hooks : {&apply_, &send_}) {
        for (TurnHook* hook : *hooks) {
            if (hook != nullptr) {
                hook->registered_in_ = nullptr;
            }
        }
    }
}

void TurnHooks::add(TurnStep step, TurnHook& hook) {
    if (hook.registered_in_ == nullptr) {
        hook.registered_in_ = this;
        (step == TurnStep::apply ? apply_ : send_).push_back(&hook);
    }
}

void TurnHooks::remove(TurnHook& hook) {
    // The entry becomes null and is not erased, because a drain may be iterating over the vector.
    std::replace(apply_.begin(), apply_.end(), &hook, static_cast<TurnHook*>(nullptr));
    std::replace(send_.begin(), send_.end(), &hook, static_cast<TurnHook*>(nullptr));
    hook.registered_in_ = nullptr;
}

void TurnHooks::drain(std::vector<TurnHook*>& hooks) {
    for (std::size_t next = 0; next < hooks.size(); ++next) {
        TurnHook* hook = hooks[next];
        if (hook != nullptr) {
            hooks[next] = nullptr;
            hook->registered_in_ = nullptr;
            hook->at_end_of_turn();
        }
    }
    hooks.clear();
}

void TaskGroup::spawn(Task<> task) {
    ++running_;
    shard_->spawn(run(std::move(task)));
}

Task<> TaskGroup::run(Task<> task) {
    co_await std::move(task);
    --running_;
    idle_.set();
}

Task<> TaskGroup::wait_idle() {
    while (running_ != 0) {
        co_await shard_->wait(idle_, kNever);
    }
}

}  // namespace hw
