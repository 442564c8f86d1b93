#include "controller/ops/election.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "controller/image/topic_image.h"

namespace hw::controller {
namespace {

constexpr BrokerId kSameLeader{-2};

bool contains(const std::vector<BrokerId>& brokers, BrokerId broker) {
    return std::ranges::find(brokers, broker) != brokers.end();
}

/// A directory that the controller does not know yet counts as online, because the broker would
/// have reported a failure.
bool is_online(const BrokerImage& broker, DirectoryId directory) {
    if (is_reserved(directory)) {
        return directory != kLostDirectory;
    }
    return std::ranges::find(broker.log_dirs, directory) != broker.log_dirs.end();
}

bool has_online_replica(const BrokerImage& broker, const PartitionImage& partition) {
    for (std::size_t i = 0; i < partition.replicas.size(); ++i) {
        if (partition.replicas[i] == broker.id) {
            return is_online(broker, partition.directories[i]);
        }
    }
    return false;
}

std::vector<BrokerId> without(const std::vector<BrokerId>& brokers, BrokerId leaving) {
    std::vector<BrokerId> rest;
    std::ranges::copy_if(brokers, std::back_inserter(rest),
                         [leaving](BrokerId id) { return id != leaving; });
    return rest;
}

struct Choice {
    BrokerId leader = kNoBroker;
    std::vector<BrokerId> isr;
};

Choice choose(const BrokersDuringElection& brokers, const PartitionImage& partition) {
    std::vector<BrokerId> isr = without(partition.isr, brokers.leaving);
    const bool from_elr = isr.empty();
    const std::vector<BrokerId>& candidates = from_elr ? partition.elr : isr;
    const auto may = [&](BrokerId id) {
        return contains(candidates, id) && may_lead(brokers, partition, id);
    };
    if (may(partition.leader)) {
        return {partition.leader, std::move(isr)};
    }
    const auto found = std::ranges::find_if(partition.replicas, may);
    if (found != partition.replicas.end()) {
        return {*found, from_elr ? std::vector{*found} : std::move(isr)};
    }
    return {kNoBroker, from_elr ? partition.isr : std::move(isr)};
}

}  // namespace

bool may_lead(const BrokersDuringElection& brokers, const PartitionImage& partition,
              BrokerId broker) {
    const BrokerImage* registration = brokers.image.find_broker(broker);
    if (registration == nullptr || broker == brokers.leaving) {
        return false;
    }
    const bool is_there = broker == brokers.arriving || registration->is_active();
    return is_there && has_online_replica(*registration, partition);
}

void add_partition_change(RecordBatch& batch, const BrokersDuringElection& brokers,
                          PartitionKey key, const PartitionImage& partition) {
    const MetadataVersion version(brokers.image.feature_level(kMetadataVersionFeature));
    const Choice choice = choose(brokers, partition);
    schema::PartitionChangeRecord record{.partition_id = key.index, .topic_id = key.topic};
    bool changes = false;
    if (choice.leader != partition.leader) {
        record.leader = choice.leader;
        changes = true;
    }
    if (choice.isr != partition.isr) {
        record.isr = batch.list(choice.isr);
        const bool shrinks = choice.isr.size() < partition.isr.size();
        if (shrinks && record.leader == kSameLeader && version.shrink_raises_leader_epoch()) {
            record.leader = partition.leader;
        }
        changes = true;
    }
    // At level 0 of eligible.leader.replicas.version there is no ELR: only the ISR is eligible.
    if (choice.leader != kNoBroker && !partition.elr.empty()) {
        record.eligible_leader_replicas = wire::Array<BrokerId>();
        changes = true;
    }
    if (changes) {
        batch.add(record, version.partition());
    }
}

void add_changes_of_leaving(RecordBatch& batch, const BrokersDuringElection& brokers) {
    const TopicTable& topics = brokers.image.topic_table();
    for (const auto& [key, nothing] : topics.in_sync(brokers.leaving)) {
        add_partition_change(batch, brokers, key, *topics.find(key));
    }
}

void add_changes_of_arriving(RecordBatch& batch, const BrokersDuringElection& brokers) {
    const TopicTable& topics = brokers.image.topic_table();
    for (const auto& [key, nothing] : topics.led_by(kNoBroker)) {
        add_partition_change(batch, brokers, key, *topics.find(key));
    }
}

}  // namespace hw::controller
