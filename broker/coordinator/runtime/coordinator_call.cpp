#include "broker/coordinator/runtime/coordinator_call.h"

namespace hw::broker {

Task<const wire::Refusal*> CoordinatorCall::wait(TimePoint deadline) {
    if (!outcome_) {
        co_await shard_.wait(ended_, deadline);
    }
    co_return outcome_ ? &*outcome_ : nullptr;
}

}  // namespace hw::broker
