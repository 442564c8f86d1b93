#include "replication/partition/early_appends.h"

#include <utility>

#include <fmt/format.h>

namespace hw::replication {

using wire::ErrorCode;

ProduceOutcome refused(const wire::Refusal& error) {
    ProduceOutcome outcome;
    outcome.code = error.code;
    outcome.message = error.message;
    return outcome;
}

void EarlyAppends::add(AppendRequest request, TimePoint now) {
    if (waiting_.size() < kMax) {
        waiting_.push_back({std::move(request), now});
        return;
    }
    const wire::Refusal reason{
        ErrorCode::not_leader_or_follower,
        fmt::format("the log of the partition is being made, and {} appends wait for it, which is "
                    "the limit: nothing was appended",
                    kMax)};
    ProduceSlot::answer(std::move(request.slot), refused(reason));
}

std::vector<AppendRequest> EarlyAppends::take() {
    std::vector<AppendRequest> taken;
    for (Waiting& each : std::exchange(waiting_, {})) {
        taken.push_back(std::move(each.request));
    }
    return taken;
}

void EarlyAppends::refuse(const wire::Refusal& reason) {
    for (AppendRequest& request : take()) {
        ProduceSlot::answer(std::move(request.slot), refused(reason));
    }
}

void EarlyAppends::refuse_old(TimePoint now) {
    while (!waiting_.empty() && now - waiting_.front().since >= kMaxWait) {
        const wire::Refusal reason{
            ErrorCode::not_leader_or_follower,
            "the log of the partition is being made: nothing was appended, try again"};
        ProduceSlot::answer(std::move(waiting_.front().request.slot), refused(reason));
        waiting_.pop_front();
    }
}

}  // namespace hw::replication
