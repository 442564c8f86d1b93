#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "protocol/base/shard.h"
#include "protocol/wire/refusal.h"
#include "replication/partition/delayed_request.h"

namespace hw::broker {

/// A request that waits for a coordinator. The coordinator decides it in the guard of its
/// partition, on any shard; the outcome comes to the request's shard when the decision is
/// committed.
///
/// The request owns it through a WaitHandle and gives it a deadline. The coordinator has a
/// reference until it completes the call, also if the request has given up.
class CoordinatorCall : public replication::DelayedRequest,
                        public std::enable_shared_from_this<CoordinatorCall> {
public:
    /// `shard` is that of the request.
    explicit CoordinatorCall(Shard& shard) : DelayedRequest(shard, [this] { ended_.set(); }) {}

    /// Ends the call: with success, unless `refusal` has a code. Called once, on any shard.
    void complete(wire::Refusal refusal = {});

    /// The request waits no longer: the outcome is unknown. On the request's shard.
    void give_up();
    /// Waits for the end, on the request's shard. Returns the outcome; nullptr at the deadline, so
    /// that the outcome is unknown.
    [[nodiscard]] Task<const wire::Refusal*> wait();

private:
    void on_deadline() override { end(); }

    std::optional<wire::Refusal> outcome_;
    Signal ended_;
};

/// A call with a result that the coordinator sets inside the guard, before it completes the call.
/// The request may use it after the end.
template <class Result>
class CallFor final : public CoordinatorCall {
public:
    using CoordinatorCall::CoordinatorCall;

    Result result{};
};

}  // namespace hw::broker
