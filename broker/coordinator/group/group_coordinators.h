#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "broker/coordinator/group/group_machine.h"
#include "broker/coordinator/runtime/coordinator.h"
#include "broker/coordinator/runtime/coordinator_loader.h"
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
        const Clock& clock;
        Logger log;
        CoordinatorMutants mutants = {};
    };

    GroupCoordinators(const Ports& ports, const GroupMachine::Options& options)
        : ports_(ports), options_(options), loader_(ports.control, ports.clock, ports.log) {}

    [[nodiscard]] std::shared_ptr<replication::ReplicaListener> make_listener(
        const std::shared_ptr<HostedReplica>& replica,
        const storage::TopicPartition& name) override;
    /// Ends the loads. Call before the replicas are closed.
    [[nodiscard]] Task<> stop() { return loader_.stop(); }

private:
    Ports ports_;
    GroupMachine::Options options_;
    CoordinatorLoader loader_;
};

/// The replica of the partition that has the group. Codes: NOT_COORDINATOR.
[[nodiscard]] std::expected<ReplicaPtr, wire::Refusal> find_group(const ShardView& view,
                                                                  std::string_view group);

/// Asks the coordinator on a replica that find_group has returned: runs `operation(GroupMachine&,
/// Result&)` in its guard and waits until the decision is committed. `operation` returns the
/// records to append; it may use variables of the caller, since it has run when the task ends. If
/// the decision is not committed at `deadline`, the outcome is COORDINATOR_NOT_AVAILABLE, and
/// unknown.
template <class Result, class Operation>
[[nodiscard]] Task<std::expected<Result, wire::Refusal>> ask_group(const ShardView& view,
                                                                   ReplicaPtr replica,
                                                                   TimePoint deadline,
                                                                   Operation operation) {
    const auto call = std::make_shared<CallFor<Result>>(view.shard);
    // Only make_listener sets the listeners of this topic's replicas.
    auto* const coordinator = static_cast<Coordinator*>(replica->listener().get());
    GuardVisit visit(view.shard);
    const auto enter = [&](replication::PartitionReplica& inside) {
        coordinator->run(inside, call, [&](CoordinatorMachine& machine) {
            return operation(static_cast<GroupMachine&>(machine), call->result);
        });
    };
    while (!visit.begin(*replica, enter)) {
        co_await wait_for_room(view.shard, view.clock);
    }
    co_await visit.wait();
    const wire::Refusal* const outcome = co_await call->wait(deadline);
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
