#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "controller/image/metadata_image.h"
#include "controller/image/topic_image.h"
#include "controller/ops/record_batch.h"
#include "protocol/base/ids.h"

namespace hw::controller {

/// Rules of the controller that tests can break on purpose, to show that a check finds it. All off
/// in a real node.
struct ControllerMutants {
    /// AlterPartition accepts a change that was made from an older state of the partition.
    bool ignores_partition_epoch = false;
    /// AlterPartition adds any replica to the ISR: fenced, stopping or with another broker epoch.
    bool admits_ineligible_replicas = false;
    /// A fenced broker may become leader.
    bool elects_fenced_brokers = false;
    /// Every election may choose a leader from outside the ISR.
    bool elects_uncleanly = false;
};

/// The brokers as a change of a partition sees them: those of the image, but `leaving` counts as
/// gone and `arriving` as unfenced, because the records of these changes are not applied yet.
struct BrokersDuringElection {
    const MetadataImage& image;
    BrokerId leaving = kNoBroker;
    BrokerId arriving = kNoBroker;
    bool unclean_by_default = false;  ///< unclean.leader.election.enable of the controller
    ControllerMutants mutants = {};
};

/// True if the replica of `partition` on `broker` may become leader: the broker is unfenced and not
/// in controlled shutdown, and the replica's directory is online.
[[nodiscard]] bool may_lead(const BrokersDuringElection& brokers, const PartitionImage& partition,
                            BrokerId broker);

/// True if the directory of the replica on `broker` is neither lost nor failed. A directory that
/// the controller does not know yet counts as online, because the broker would have reported a
/// failure.
[[nodiscard]] bool has_online_replica(const BrokerImage& broker, const PartitionImage& partition);

/// How the leader of a partition is chosen.
enum class Election : std::uint8_t {
    online,     ///< the present leader if it may stay, else the first replica in the ISR
    preferred,  ///< the first replica, if it is in the ISR; else as `online`
    unclean,    ///< as `online`; if the ISR has no leader, any replica that may lead
};

/// Makes the record of a change of one partition. Every change of a partition's leader, ISR, leader
/// recovery state and directories is made here, so that these always fit together.
///
/// Candidates for the leader are the members of the target ISR or, when that is empty, the eligible
/// leader replicas (KIP-966); a leader from these becomes the only member of the ISR. So does a
/// leader from outside the ISR, and the partition is marked as recovering (KIP-704). If nobody may
/// lead, the partition has no leader, and an ISR that would become empty is kept. A change of the
/// leader, also to no leader, raises the leader epoch; below metadata.version 12 a member that
/// leaves the ISR does so too. Every record raises the partition epoch.
///
/// Used within one operation; the arguments of the constructor outlive it.
class PartitionChangeBuilder {
public:
    PartitionChangeBuilder(const BrokersDuringElection& brokers, PartitionKey key,
                           const PartitionImage& partition);

    /// The default is Election::online.
    PartitionChangeBuilder& elect(Election election);
    /// Replaces the ISR. The default is the present one without the leaving broker. Makes a record
    /// even if nothing changes: a leader confirms its ISR to make an older proposal outdated.
    PartitionChangeBuilder& set_isr(std::vector<BrokerId> isr);
    PartitionChangeBuilder& set_recovery(LeaderRecovery recovery);
    /// Assigns the replica on `broker`, which must exist, to a directory. If the directory is not
    /// online, the replica leaves the ISR.
    PartitionChangeBuilder& set_directory(BrokerId broker, DirectoryId directory);

    /// Adds the record, if anything changes. Returns the partition after the change; nothing if it
    /// does not change.
    std::optional<PartitionImage> add_to(RecordBatch& batch) const;

private:
    struct Choice {
        BrokerId leader = kNoBroker;
        std::vector<BrokerId> isr;
        LeaderRecovery recovery = LeaderRecovery::recovered;
    };

    [[nodiscard]] bool is_candidate(BrokerId broker) const;
    [[nodiscard]] BrokerId choose_cleanly() const;
    [[nodiscard]] Choice choose() const;
    [[nodiscard]] bool raises_leader_epoch(const Choice& choice) const;

    const BrokersDuringElection& brokers_;
    PartitionKey key_;
    const PartitionImage& partition_;
    PartitionImage target_;  ///< the partition with the requested changes
    bool is_isr_set_ = false;
    Election election_ = Election::online;
};

/// The changes of partitions that one request makes, which see each other: the second change of a
/// partition starts from the result of the first.
///
/// Used within one operation; the arguments of the constructor outlive it.
class PartitionChanges {
public:
    PartitionChanges(const BrokersDuringElection& brokers, RecordBatch& batch)
        : brokers_(brokers), batch_(batch) {}

    /// The partition with the changes so far; nullptr when there is none.
    [[nodiscard]] const PartitionImage* find(PartitionKey key) const;
    /// A builder for the next change of the partition, which must exist.
    [[nodiscard]] PartitionChangeBuilder change(PartitionKey key) const;
    /// Adds the record of `change` to the batch. False if it changes nothing.
    bool apply(PartitionKey key, const PartitionChangeBuilder& change);

private:
    const BrokersDuringElection& brokers_;
    RecordBatch& batch_;
    std::map<PartitionKey, PartitionImage> changed_;
};

}  // namespace hw::controller
