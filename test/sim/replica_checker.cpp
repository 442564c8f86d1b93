#include "test/sim/replica_checker.h"

#include <algorithm>
#include <limits>

#include "broker/coordinator/runtime/coordinator.h"

namespace hw::sim {

using replication::Durability;
using replication::PartitionLeader;
using replication::PartitionReplica;

ReplicaChecker::ReplicaChecker(const Plan& plan,
                               const std::vector<std::unique_ptr<Machine>>& machines,
                               const IsrTracker& tracker)
    : plan_(plan),
      machines_(machines),
      tracker_(tracker),
      high_watermarks_(plan.partitions.size()) {}

const PartitionReplica* ReplicaChecker::replica(const Machine& machine,
                                                PartitionNumber number) const {
    const BrokerProcess* const process = machine.process();
    const auto& key = tracker_.tracked(number).key;
    const PartitionReplica* const found =
        process == nullptr || !key ? nullptr : process->node().inspect(*key);
    return found == nullptr || found->log() == nullptr ? nullptr : found;
}

void ReplicaChecker::after_step(const Machine& machine) {
    if (++steps_ % kOneIn != 0) {
        return;
    }
    for (std::uint32_t i = 0; i < plan_.partitions.size(); ++i) {
        const PartitionNumber number(i);
        if (plan_.partitions[i].facts.replication_factor == 1) {
            continue;
        }
        const PartitionReplica* const found = replica(machine, number);
        if (found == nullptr) {
            continue;
        }
        if (const PartitionLeader* const leader = found->leader()) {
            check_leader(machine, number, *leader);
        }
        look(machine, number, *found);
        check_members(number);
    }
}

void ReplicaChecker::look(const Machine& machine, PartitionNumber number,
                          const PartitionReplica& replica) {
    Seen now{.life = machine.life(),
             .leads = replica.leads(),
             .log_end = replica.log()->log_end_offset(),
             .high_watermark = replica.high_watermark(),
             .epoch = {},
             .partition_epoch = {},
             .joining = {}};
    if (const PartitionLeader* const leader = replica.leader()) {
        now.epoch = leader->epoch();
        now.partition_epoch = leader->facts().partition_epoch;
        for (const auto& [broker, progress] : leader->followers()) {
            if (!leader->facts().is_in_sync(broker) && leader->is_in_maximal_isr(broker)) {
                now.joining[broker] = progress.broker_epoch();
            }
        }
    }
    if (now.high_watermark > now.log_end) {
        fail_rule("partition {}: the watermark of broker {} is {}, above the end of its log, {}",
                  number, machine.tag(), now.high_watermark, now.log_end);
    }
    Seen& before = seen_[{number, machine.tag()}];
    if (before.life == now.life) {
        compare(machine, number, before, now);
    }
    before = std::move(now);
}

bool ReplicaChecker::may_lose(PartitionNumber number) const {
    const IsrTracker::Tracked& tracked = tracker_.tracked(number);
    const bool on_disk = plan_.partitions[number.value()].facts.durability == Durability::disk;
    return tracked.unclean_elections > 0 || (!on_disk && tracked.has_lost_records);
}

void ReplicaChecker::compare(const Machine& machine, PartitionNumber number, const Seen& before,
                             const Seen& now) {
    marks_.truncations += now.log_end < before.log_end ? 1 : 0;
    if (now.high_watermark < before.high_watermark && !may_lose(number)) {
        fail_rule("partition {}: the watermark of broker {} goes back from {} to {}", number,
                  machine.tag(), before.high_watermark, now.high_watermark);
    }
    const bool same_facts = before.leads && now.leads && before.epoch == now.epoch &&
                            before.partition_epoch == now.partition_epoch;
    if (!same_facts || before.joining.empty() || !now.joining.empty()) {
        return;
    }
    ++marks_.rollbacks;
    for (const auto& [broker, epoch] : before.joining) {
        const bool is_stale = epoch < tracker_.broker_epoch(static_cast<NodeTag>(broker.value()));
        marks_.stale_broker_epochs += is_stale ? 1 : 0;
    }
}

Offset ReplicaChecker::in_sync_end(PartitionNumber number) const {
    Offset end(std::numeric_limits<std::int64_t>::max());
    for (const auto& machine : machines_) {
        const PartitionReplica* const found = replica(*machine, number);
        if (found != nullptr && tracker_.tracked(number).isr.contains(machine->tag())) {
            end = std::min(end, found->log()->log_end_offset());
        }
    }
    return end;
}

Leadership ReplicaChecker::leadership(PartitionNumber number, BrokerId broker) const {
    const PartitionReplica* const found =
        replica(*machines_[static_cast<std::size_t>(broker.value()) - 1], number);
    if (found == nullptr || !found->leads()) {
        return Leadership::none;
    }
    return found->leader()->epoch() == tracker_.tracked(number).leader_epoch ? Leadership::newest
                                                                             : Leadership::replaced;
}

std::optional<LeaderEpoch> ReplicaChecker::coordinator_epoch(PartitionNumber number,
                                                             BrokerId broker) const {
    if (leadership(number, broker) != Leadership::newest) {
        return std::nullopt;
    }
    const PartitionReplica* const found =
        replica(*machines_[static_cast<std::size_t>(broker.value()) - 1], number);
    const auto* const coordinator = static_cast<const broker::Coordinator*>(found->listener());
    const bool has_loaded = coordinator != nullptr && !coordinator->is_on_its_way();
    return has_loaded ? std::optional(found->leader()->epoch()) : std::nullopt;
}

ReplicaMarks ReplicaChecker::marks() const {
    ReplicaMarks marks = marks_;
    for (std::uint32_t i = 0; i < plan_.partitions.size(); ++i) {
        marks.unclean_elections += tracker_.tracked(PartitionNumber(i)).unclean_elections;
    }
    return marks;
}

void ReplicaChecker::check_leader(const Machine& machine, PartitionNumber number,
                                  const PartitionLeader& leader) {
    const IsrTracker::Tracked& tracked = tracker_.tracked(number);
    const Offset watermark = leader.high_watermark();
    const auto [lead, is_new] = leads_.try_emplace(
        {number, leader.epoch()},
        Lead{machine.tag(), machine.life(), watermark, leader.facts().partition_epoch});
    if (lead->second.node != machine.tag()) {
        fail_rule("partition {}: nodes {} and {} both lead in epoch {}", number, lead->second.node,
                  machine.tag(), leader.epoch());
    }
    if (lead->second.life == machine.life() && watermark < lead->second.high_watermark) {
        fail_rule("partition {}: the watermark of its leader {} goes back from {} to {}", number,
                  machine.tag(), lead->second.high_watermark, watermark);
    }
    // The ISR that was there at both looks was there when the watermark moved.
    const PartitionEpoch facts_epoch = leader.facts().partition_epoch;
    const std::size_t needed =
        std::min(static_cast<std::size_t>(leader.rules().min_insync_replicas),
                 leader.facts().replicas.size());
    if (!is_new && lead->second.life == machine.life() && lead->second.facts == facts_epoch &&
        watermark > lead->second.high_watermark && leader.facts().isr.size() < needed) {
        fail_rule(
            "partition {}: the watermark of its leader {} moves to {} with {} in the ISR; {} "
            "are needed",
            number, machine.tag(), watermark, leader.facts().isr.size(), needed);
    }
    lead->second = {machine.tag(), machine.life(), watermark, facts_epoch};
    high_watermarks_[number.value()] = std::max(high_watermarks_[number.value()], watermark);
    if (leader.epoch() != tracked.leader_epoch) {
        return;
    }
    for (const NodeTag member : tracked.isr) {
        const BrokerId broker(static_cast<std::int32_t>(member));
        if (member != machine.tag() && !leader.is_in_maximal_isr(broker)) {
            fail_rule("partition {}: its leader {} does not count broker {}, which is in the ISR",
                      number, machine.tag(), member);
        }
    }
}

void ReplicaChecker::check_members(PartitionNumber number) {
    const PartitionPlan& partition = plan_.partitions[number.value()];
    const IsrTracker::Tracked& tracked = tracker_.tracked(number);
    const bool on_disk = partition.facts.durability == Durability::disk;
    if (may_lose(number)) {
        return;
    }
    for (const NodeTag member : tracked.isr) {
        const PartitionReplica* const found = replica(*machines_[member - 1], number);
        if (found == nullptr || (!on_disk && tracked.without_records.contains(member))) {
            continue;
        }
        const Offset end =
            on_disk ? found->log()->durable_end_offset() : found->log()->log_end_offset();
        if (end < high_watermarks_[number.value()]) {
            fail_rule(
                "partition {}: broker {} is in the ISR, but has only the records below {}; those "
                "below {} are committed",
                number, member, end, high_watermarks_[number.value()]);
        }
    }
}

}  // namespace hw::sim
