#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "broker/api/api_services.h"
#include "broker/coordinator/group/group_coordinators.h"
#include "broker/net/exchange.h"

namespace hw::broker {

/// What a handler asks the coordinator of a group. In two steps, so that later requests of the
/// connection need not wait for the commit: `ask` ends when the request is decided, `outcome` when
/// the decision is committed.
///
/// Lives on the request's shard until `outcome` has ended.
template <class Result>
class GroupCall {
public:
    /// What the outcome waits for.
    enum class For : std::uint8_t { commit, other_clients };

    /// After `deadline` the outcome is unknown.
    GroupCall(ApiServices& services, TimePoint deadline, For what = For::commit)
        : services_(services), call_(std::make_shared<CallFor<Result>>(services.shard)) {
        DelayedRequests& delayed = services.delayed;
        const bool has_room = what == For::commit ? delayed.add_call(*call_, deadline)
                                                  : delayed.add_parked_call(*call_, deadline);
        if (!has_room) {
            refusal_ = {wire::ErrorCode::coordinator_not_available,
                        "too many requests are waiting for coordinators"};
        }
    }
    /// Gives up when the connection of the request ends.
    void end_with(Exchange& exchange) {
        exchange.on_detach([weak = std::weak_ptr<CallFor<Result>>(call_.get())] {
            if (const auto call = weak.lock()) {
                call->give_up();
            }
        });
    }
    GroupCall(const GroupCall&) = delete;
    GroupCall& operator=(const GroupCall&) = delete;

    /// Runs `operation`, see ask_group.
    template <class Operation>
    [[nodiscard]] Task<> ask(std::string_view group, Operation operation) {
        if (const ReplicaPtr replica = find(group)) {
            co_await ask_group<Result>(services_, replica, call_.get(), std::move(operation));
        }
    }
    /// The same at a partition of the offsets topic.
    template <class Operation>
    [[nodiscard]] Task<> ask_at(ReplicaPtr replica, Operation operation) {
        if (!refusal_) {
            co_await ask_group<Result>(services_, replica, call_.get(), std::move(operation));
        }
    }
    /// Runs `operation(GroupMachine&, std::shared_ptr<CallFor<Result>>, Decision&)`, which lets the
    /// call end with this or a later decision.
    template <class Operation>
    [[nodiscard]] Task<> ask_later(std::string_view group, Operation operation) {
        if (const ReplicaPtr replica = find(group)) {
            const auto decide = [&](GroupMachine& groups, Decision& decision) {
                operation(groups, call_.get(), decision);
            };
            co_await decide_at_group(services_, replica, call_.get(), decide);
        }
    }
    [[nodiscard]] Task<std::expected<Result, wire::Refusal>> outcome() {
        if (refusal_) {
            co_return std::unexpected(*refusal_);
        }
        auto outcome = co_await outcome_of<Result>(call_.get());
        co_return std::move(outcome);
    }

private:
    /// Null if the request is refused.
    [[nodiscard]] ReplicaPtr find(std::string_view group) {
        if (refusal_) {
            return nullptr;
        }
        auto replica = find_group(services_, group);
        if (!replica) {
            refusal_ = std::move(replica.error());
            return nullptr;
        }
        return std::move(*replica);
    }

    ApiServices& services_;
    replication::WaitHandle<CallFor<Result>> call_;
    std::optional<wire::Refusal> refusal_;
};

}  // namespace hw::broker
