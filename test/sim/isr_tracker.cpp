#include "test/sim/isr_tracker.h"

#include <algorithm>
#include <span>

namespace hw::sim {

namespace {

std::set<NodeTag> tags(std::span<const BrokerId> brokers) {
    std::set<NodeTag> result;
    for (const BrokerId broker : brokers) {
        result.insert(static_cast<NodeTag>(broker.value()));
    }
    return result;
}

}  // namespace

IsrTracker::IsrTracker(const Plan& plan, OnLoss on_loss, OnLossEnd on_loss_end)
    : plan_(plan),
      on_loss_(std::move(on_loss)),
      on_loss_end_(std::move(on_loss_end)),
      partitions_(plan.partitions.size()) {}

void IsrTracker::after_image(const controller::MetadataImage& image) {
    if (image.last_offset() <= newest_) {
        return;
    }
    newest_ = image.last_offset();
    for (const auto& [id, broker] : image.brokers()) {
        epochs_[static_cast<NodeTag>(id.value())] = broker.epoch;
    }
    for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
        const PartitionPlan& planned = plan_.partitions[i];
        const controller::TopicImage* const topic = image.find_topic(planned.topic);
        const controller::PartitionImage* const partition =
            topic == nullptr ? nullptr : topic->partitions.find(planned.index);
        if (partition == nullptr) {
            continue;
        }
        partitions_[i].key = controller::PartitionKey(topic->id, planned.index);
        partitions_[i].replicas = tags(partition->replicas);
        note_election(PartitionNumber(i), *partition);
        take(PartitionNumber(i), tags(partition->isr));
        note_recovered(PartitionNumber(i));
    }
}

void IsrTracker::note_election(PartitionNumber number,
                               const controller::PartitionImage& partition) {
    Tracked& known = partitions_[number.value()];
    const auto was_in_sync = [&known](BrokerId broker) {
        return known.isr.contains(static_cast<NodeTag>(broker.value()));
    };
    const bool is_new = partition.leader_epoch != known.leader_epoch && !known.isr.empty();
    // Several elections may have passed since the last image, and this one may have no leader.
    const bool is_unclean = partition.leader != kNoBroker
                                ? !was_in_sync(partition.leader)
                                : std::ranges::none_of(partition.isr, was_in_sync);
    const LeaderEpoch before = known.leader_epoch;
    known.leader_epoch = partition.leader_epoch;
    known.leader = partition.leader;
    if (is_new && is_unclean && plan_.partitions[number.value()].facts.may_elect_uncleanly) {
        ++known.unclean_elections;
        begin_loss(number, Loss::unclean_election, before);
    }
}

BrokerEpoch IsrTracker::broker_epoch(NodeTag node) const {
    const auto found = epochs_.find(node);
    return found == epochs_.end() ? BrokerEpoch(-1) : found->second;
}

void IsrTracker::take(PartitionNumber number, std::set<NodeTag> isr) {
    Tracked& members = partitions_[number.value()];
    if (isr == members.isr) {
        return;
    }
    // Its next registration takes a broker out of the ISR unless it is the last member. So a member
    // with a newer one has joined since, or was left over by others that registered before it. One
    // with the old one may have joined in the name of a process that has ended.
    const bool may_be_left_over = isr.size() == 1;
    std::erase_if(members.without_records, [&](NodeTag member) {
        return !isr.contains(member) || (!is_gone(member) && !may_be_left_over);
    });
    for (const NodeTag member : isr) {
        if (!members.isr.contains(member) && is_gone(member)) {
            members.without_records.insert(member);
        }
    }
    members.isr = std::move(isr);
    check(number);
}

void IsrTracker::on_power_loss(NodeTag node) {
    lost_[node] = epochs_[node];
    for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
        if (partitions_[i].isr.contains(node)) {
            partitions_[i].without_records.insert(node);
            check(PartitionNumber(i));
        }
    }
}

void IsrTracker::check(PartitionNumber number) {
    Tracked& members = partitions_[number.value()];
    if (!members.isr.empty() && members.without_records == members.isr) {
        // What is acknowledged from now on is on these members.
        members.without_records.clear();
        members.has_lost_records = true;
        // A leader that has registered since was elected since.
        const auto leader = static_cast<NodeTag>(members.leader.value());
        const bool was_elected_since = members.leader != kNoBroker && !is_gone(leader);
        begin_loss(number, Loss::power_loss,
                   was_elected_since ? members.leader_epoch - 1 : members.leader_epoch);
    }
}

void IsrTracker::begin_loss(PartitionNumber number, Loss loss, LeaderEpoch before) {
    Tracked& known = partitions_[number.value()];
    known.outdated = known.replicas;
    known.before_loss = before;
    on_loss_(number, loss);
}

void IsrTracker::note_recovered(PartitionNumber number) {
    Tracked& known = partitions_[number.value()];
    if (known.outdated.empty() || known.leader_epoch <= known.before_loss) {
        return;
    }
    std::erase_if(known.outdated, [&](NodeTag replica) {
        return known.isr.contains(replica) && !is_gone(replica);
    });
    if (known.outdated.empty()) {
        on_loss_end_(number);
    }
}

bool IsrTracker::is_gone(NodeTag node) const {
    const auto lost = lost_.find(node);
    return lost != lost_.end() && lost->second == broker_epoch(node);
}

}  // namespace hw::sim
