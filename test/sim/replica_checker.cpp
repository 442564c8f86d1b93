#include "test/sim/replica_checker.h"

#include <algorithm>

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
        check_members(number);
    }
}

void ReplicaChecker::check_leader(const Machine& machine, PartitionNumber number,
                                  const PartitionLeader& leader) {
    const IsrTracker::Tracked& tracked = tracker_.tracked(number);
    const Offset watermark = leader.high_watermark();
    const auto [lead, is_new] = leads_.try_emplace({number, leader.epoch()},
                                                   Lead{machine.tag(), machine.life(), watermark});
    if (lead->second.node != machine.tag()) {
        fail_rule("partition {}: nodes {} and {} both lead in epoch {}", number, lead->second.node,
                  machine.tag(), leader.epoch());
    }
    if (lead->second.life == machine.life() && watermark < lead->second.high_watermark) {
        fail_rule("partition {}: the watermark of its leader {} goes back from {} to {}", number,
                  machine.tag(), lead->second.high_watermark, watermark);
    }
    lead->second = {machine.tag(), machine.life(), watermark};
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
    if (!on_disk && tracked.has_lost_records) {
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
