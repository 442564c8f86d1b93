#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/coordinator/group/group_machine.h"
#include "broker/coordinator/group/group_worker.h"
#include "broker/coordinator/runtime/coordinator.h"
#include "broker/coordinator/runtime/coordinator_loader.h"
#include "broker/coordinator/runtime/coordinator_timer.h"
#include "broker/replicas/guard_visit.h"
#include "broker/replicas/hosted_replica.h"
#include "broker/replicas/shard_view.h"

namespace hw::broker {

/// The group coordinators of a node: one on each partition of the offsets topic that it has.
///
/// Owned by the node. Replicas are made on the control shard; `ask` may be called on any shard.
class GroupCoordinators final : public ReplicaListeners {
public:
    struct Ports {
        Shard& control;
        Shard& worker;  ///< for long computations; may be the control shard
        const Clock& clock;
        Logger log;
        CoordinatorMutants mutants = {};
        /// The newest metadata, or null; called on the control shard.
        std::function<std::shared_ptr<const controller::MetadataImage>()> image = {};
    };

    GroupCoordinators(const Ports& ports, const GroupMachine::Options& options)
        : ports_(ports),
          options_(options),
          loader_(ports.control, ports.clock, ports.log),
          worker_(ports.control, ports.worker, ports.clock),
          timer_(ports.control, ports.clock) {}

    [[nodiscard]] std::shared_ptr<replication::ReplicaListener> make_listener(
        const std::shared_ptr<HostedReplica>& replica,
        const storage::TopicPartition& name) override;
    void tell_deleted_topics() override {
        if (tell_deleted_topics_) {
            tell_deleted_topics_();
        }
    }
    /// `call` is called after topics were deleted.
    void on_deleted_topics(std::function<void()> call) { tell_deleted_topics_ = std::move(call); }
    /// The replicas with a coordinator.
    [[nodiscard]] std::vector<ReplicaPtr> hosted();
    /// Ends the loads and assignments, and wakes nobody any more. Call before the replicas are
    /// closed.
    [[nodiscard]] Task<> stop();

private:
    Ports ports_;
    GroupMachine::Options options_;
    CoordinatorLoader loader_;
    GroupWorker worker_;
    CoordinatorTimer timer_;
    std::vector<std::weak_ptr<HostedReplica>> hosted_;  ///< some may be gone
    std::function<void()> tell_deleted_topics_;
};

/// The replica of the partition that has the group. Codes: NOT_COORDINATOR.
[[nodiscard]] std::expected<ReplicaPtr, wire::Refusal> find_group(const ShardView& view,
                                                                  std::string_view group);

/// Waits until the coordinator of the group can decide, if the metadata say that it is this broker:
/// right after an election its replica may not be open, or the coordinator not loaded. Not longer
/// than kReadyWait. For requests after whose refusal clients pause for seconds.
[[nodiscard]] Task<> wait_until_ready(const ShardView& view, std::string_view group);
inline constexpr Duration kReadyWait = std::chrono::seconds(1);

/// Runs `operation(GroupMachine&, Decision&)` in the guard of a replica that find_group has
/// returned. It may use variables of the caller, since it has run when the task ends. The
/// coordinator completes `call`: with the decision, or because it cannot decide now.
template <class Operation>
[[nodiscard]] Task<> decide_at_group(const ShardView& view, const ReplicaPtr& replica, CallPtr call,
                                     Operation operation) {
    // Only make_listener sets the listeners of this topic's replicas.
    auto* const coordinator = static_cast<Coordinator*>(replica->listener().get());
    GuardVisit visit(view.shard);
    const auto enter = [&](replication::PartitionReplica& inside) {
        coordinator->run(inside, call, [&](CoordinatorMachine& machine, Decision& decision) {
            operation(static_cast<GroupMachine&>(machine), decision);
        });
    };
    while (!visit.begin(*replica, enter)) {
        co_await wait_for_room(view.shard, view.clock);
    }
    co_await visit.wait();
}

/// Runs `operation(GroupMachine&, Decision&)` in the guard of a replica that has a coordinator.
/// Nothing happens if that cannot decide now. The decision may not be committed when this ends.
template <class Operation>
[[nodiscard]] Task<> act_at_group(Shard& shard, const Clock& clock, const ReplicaPtr& replica,
                                  Operation operation) {
    auto* const coordinator = static_cast<Coordinator*>(replica->listener().get());
    GuardVisit visit(shard);
    const auto enter = [&](replication::PartitionReplica& inside) {
        coordinator->act(inside, [&](CoordinatorMachine& machine, Decision& decision) {
            operation(static_cast<GroupMachine&>(machine), decision);
        });
    };
    while (!visit.begin(*replica, enter)) {
        co_await wait_for_room(shard, clock);
    }
    co_await visit.wait();
}

/// Like decide_at_group for a decision that ends its call at once: `operation(GroupMachine&,
/// Result&)` sets the result and returns the records. The call is refused if they cannot be
/// appended.
template <class Result, class Operation>
[[nodiscard]] Task<> ask_group(const ShardView& view, const ReplicaPtr& replica,
                               std::shared_ptr<CallFor<Result>> call, Operation operation) {
    const auto decide = [&](GroupMachine& groups, Decision& decision) {
        decision.records = operation(groups, call->result);
        decision.then.push_back([call](const wire::Refusal* refused, Decision& after) {
            if (refused != nullptr) {
                call->complete(*refused);
            } else {
                after.answers.push_back(call);
            }
        });
    };
    co_await decide_at_group(view, replica, call, decide);
}

/// What a call has come to.
template <class Result>
[[nodiscard]] Task<std::expected<Result, wire::Refusal>> outcome_of(
    std::shared_ptr<CallFor<Result>> call) {
    const wire::Refusal* const outcome = co_await call->wait();
    if (outcome == nullptr) {
        co_return std::unexpected(
            wire::Refusal{wire::ErrorCode::coordinator_not_available,
                          "the records are not replicated in time (offsets.commit.timeout.ms); the "
                          "change may or may not be in force"});
    }
    if (outcome->is_refused()) {
        co_return std::unexpected(*outcome);
    }
    co_return std::move(call->result);
}

}  // namespace hw::broker
