#include "controller/ops/partition_change.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "controller/image/features.h"
#include "controller/image/from_record.h"
#include "protocol/base/assert.h"

namespace hw::controller {
namespace {

bool contains(const std::vector<BrokerId>& brokers, BrokerId broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

bool is_online(const BrokerImage& broker, DirectoryId directory) {
    if (is_reserved(directory)) {
        return directory != kLostDirectory;
    }
    return std::ranges::find(broker.log_dirs, directory) != broker.log_dirs.end();
}

}  // namespace

bool has_online_replica(const BrokerImage& broker, const PartitionImage& partition) {
    const auto replica = std::ranges::find(partition.replicas, broker.id);
    if (replica == partition.replicas.end()) {
        return false;
    }
    const auto index = static_cast<std::size_t>(replica - partition.replicas.begin());
    return index >= partition.directories.size() || is_online(broker, partition.directories[index]);
}

bool may_lead(const BrokersDuringElection& brokers, const PartitionImage& partition,
              BrokerId broker) {
    const BrokerImage* registration = brokers.image.find_broker(broker);
    if (registration == nullptr || broker == brokers.leaving) {
        return false;
    }
    const bool is_there = broker == brokers.arriving || registration->is_active() ||
                          brokers.mutants.elects_fenced_brokers;
    return is_there && has_online_replica(*registration, partition);
}

PartitionChangeBuilder::PartitionChangeBuilder(const BrokersDuringElection& brokers,
                                               PartitionKey key, const PartitionImage& partition)
    : brokers_(brokers), key_(key), partition_(partition), target_(partition) {
    std::erase(target_.isr, brokers.leaving);
}

PartitionChangeBuilder& PartitionChangeBuilder::elect(Election election) {
    election_ = election;
    return *this;
}

PartitionChangeBuilder& PartitionChangeBuilder::set_isr(std::vector<BrokerId> isr) {
    target_.isr = std::move(isr);
    is_isr_set_ = true;
    return *this;
}

PartitionChangeBuilder& PartitionChangeBuilder::set_recovery(LeaderRecovery recovery) {
    target_.recovery = recovery;
    return *this;
}

PartitionChangeBuilder& PartitionChangeBuilder::set_directory(BrokerId broker,
                                                              DirectoryId directory) {
    const auto replica = std::ranges::find(target_.replicas, broker);
    HW_ASSERT(replica != target_.replicas.end());
    target_.directories[static_cast<std::size_t>(replica - target_.replicas.begin())] = directory;
    const BrokerImage* registration = brokers_.image.find_broker(broker);
    if (registration != nullptr && !is_online(*registration, directory)) {
        std::erase(target_.isr, broker);
    }
    return *this;
}

bool PartitionChangeBuilder::is_candidate(BrokerId broker) const {
    const std::vector<BrokerId>& candidates = target_.isr.empty() ? target_.elr : target_.isr;
    return contains(candidates, broker) && may_lead(brokers_, target_, broker);
}

/// A leader from the ISR, or from the eligible leader replicas; kNoBroker if none may lead.
BrokerId PartitionChangeBuilder::choose_cleanly() const {
    const std::vector<BrokerId>& replicas = target_.replicas;
    if (election_ == Election::preferred && !replicas.empty() && is_candidate(replicas.front())) {
        return replicas.front();
    }
    if (is_candidate(partition_.leader)) {
        return partition_.leader;
    }
    const auto found =
        std::ranges::find_if(replicas, [this](BrokerId id) { return is_candidate(id); });
    return found == replicas.end() ? kNoBroker : *found;
}

PartitionChangeBuilder::Choice PartitionChangeBuilder::choose() const {
    if (const BrokerId leader = choose_cleanly(); leader != kNoBroker) {
        return {leader, target_.isr.empty() ? std::vector{leader} : target_.isr, target_.recovery};
    }
    if (election_ == Election::unclean || brokers_.mutants.elects_uncleanly) {
        const auto found = std::ranges::find_if(
            target_.replicas, [this](BrokerId id) { return may_lead(brokers_, target_, id); });
        if (found != target_.replicas.end()) {
            return {*found, {*found}, LeaderRecovery::recovering};
        }
    }
    return {kNoBroker, target_.isr.empty() ? partition_.isr : target_.isr, target_.recovery};
}

bool PartitionChangeBuilder::raises_leader_epoch(const Choice& choice) const {
    const MetadataVersion version(brokers_.image.feature_level(kMetadataVersionFeature));
    const bool shrinks = std::ranges::any_of(
        partition_.isr, [&choice](BrokerId member) { return !contains(choice.isr, member); });
    return choice.leader != partition_.leader || (shrinks && version.shrink_raises_leader_epoch());
}

std::optional<PartitionImage> PartitionChangeBuilder::add_to(RecordBatch& batch) const {
    const MetadataVersion version(brokers_.image.feature_level(kMetadataVersionFeature));
    const Choice choice = choose();
    schema::PartitionChangeRecord record{.partition_id = key_.index, .topic_id = key_.topic};
    bool changes = false;
    if (raises_leader_epoch(choice)) {
        record.leader = choice.leader;
        changes = true;
    }
    if (choice.isr != partition_.isr || is_isr_set_) {
        record.isr = batch.list(choice.isr);
        changes = true;
    }
    if (choice.recovery != partition_.recovery) {
        record.leader_recovery_state = static_cast<std::int8_t>(choice.recovery);
        changes = true;
    }
    if (target_.directories != partition_.directories) {
        record.directories = batch.list(target_.directories);
        changes = true;
    }
    // At level 0 of eligible.leader.replicas.version there is no ELR: only the ISR is eligible.
    if (choice.leader != kNoBroker && !partition_.elr.empty()) {
        record.eligible_leader_replicas = wire::Array<BrokerId>();
        changes = true;
    }
    if (!changes) {
        return {};
    }
    batch.add(record, version.partition());
    Result<PartitionImage> after = changed(partition_, record);
    HW_ASSERT(after.has_value());
    return *std::move(after);
}

const PartitionImage* PartitionChanges::find(PartitionKey key) const {
    const auto found = changed_.find(key);
    return found == changed_.end() ? brokers_.image.topic_table().find(key) : &found->second;
}

PartitionChangeBuilder PartitionChanges::change(PartitionKey key) const {
    const PartitionImage* partition = find(key);
    HW_ASSERT(partition != nullptr);
    return {brokers_, key, *partition};
}

bool PartitionChanges::apply(PartitionKey key, const PartitionChangeBuilder& change) {
    std::optional<PartitionImage> after = change.add_to(batch_);
    if (!after.has_value()) {
        return false;
    }
    changed_.insert_or_assign(key, *std::move(after));
    return true;
}

}  // namespace hw::controller
