#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "protocol/base/shard.h"
#include "protocol/base/time.h"
#include "protocol/wire/refusal.h"

namespace hw::broker {

/// A request that waits for a coordinator. The coordinator decides it in the guard of its
/// partition, on any shard; the outcome comes to the request's shard when the decision is
/// committed.
///
/// Shared by the request and the coordinator. A request that gives up leaves it; the coordinator
/// ends it nevertheless.
class CoordinatorCall : public std::enable_shared_from_this<CoordinatorCall> {
public:
    /// `shard` is that of the request.
    explicit CoordinatorCall(Shard& shard) : shard_(shard) {}
    CoordinatorCall(const CoordinatorCall&) = delete;
    CoordinatorCall& operator=(const CoordinatorCall&) = delete;
    virtual ~CoordinatorCall() = default;

    /// Ends the call: with success, unless `refusal` has a code. Called once, on any shard.
    void end(wire::Refusal refusal = {}) {
        shard_.post([call = shared_from_this(), refusal = std::move(refusal)]() mutable {
            call->outcome_ = std::move(refusal);
            call->ended_.set();
        });
    }

    /// Waits for the end, on the request's shard. Returns the outcome; nullptr at `deadline`.
    [[nodiscard]] Task<const wire::Refusal*> wait(TimePoint deadline);

private:
    Shard& shard_;
    std::optional<wire::Refusal> outcome_;
    Signal ended_;
};

/// A call with a result that the coordinator sets inside the guard, before it ends the call. The
/// request may use it after the end.
template <class Result>
class CallFor final : public CoordinatorCall {
public:
    using CoordinatorCall::CoordinatorCall;

    Result result{};
};

}  // namespace hw::broker
