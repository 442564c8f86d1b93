#include "broker/coordinator/runtime/coordinator_call.h"

namespace hw::broker {

void CoordinatorCall::complete(wire::Refusal refusal) {
    shard().post([call = shared_from_this(), refusal = std::move(refusal)]() mutable {
        if (!call->ended()) {
            call->outcome_ = std::move(refusal);
            call->end();
        }
    });
}

void CoordinatorCall::give_up() {
    if (!ended()) {
        end();
    }
}

Task<const wire::Refusal*> CoordinatorCall::wait() {
    if (!ended()) {
        co_await shard().wait(ended_, kNever);
    }
    co_return outcome_ ? &*outcome_ : nullptr;
}

}  // namespace hw::broker
