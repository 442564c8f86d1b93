#pragma once

#include <map>
#include <memory>
#include <utility>

#include "broker/replicas/hosted_replica.h"
#include "controller/image/topic_image.h"

namespace hw::broker {

/// An entry of a shard's replica table: a partition of this broker.
struct HostedPartition {
    ReplicaPtr replica;
    /// The topic's settings, for checks before the guard is entered.
    std::shared_ptr<const replication::PartitionOptions> options;
};

/// The replicas of this broker, by partition. Each shard has its own table, so that a request finds
/// a replica without a lock. The metadata applier changes it by posts to the shard.
class ReplicaTable {
public:
    /// The partition; nullptr when there is none. Valid until the table changes.
    [[nodiscard]] const HostedPartition* find(const controller::PartitionKey& key) const {
        const auto found = replicas_.find(key);
        return found == replicas_.end() ? nullptr : &found->second;
    }
    /// Adds or replaces the partition.
    void put(const controller::PartitionKey& key, HostedPartition partition) {
        replicas_[key] = std::move(partition);
    }
    void erase(const controller::PartitionKey& key) { replicas_.erase(key); }

private:
    std::map<controller::PartitionKey, HostedPartition> replicas_;
};

}  // namespace hw::broker
