#pragma once

#include <map>
#include <memory>
#include <utility>

#include "broker/replicas/hosted_replica.h"
#include "controller/image/topic_image.h"

namespace hw::broker {

/// A partition of this broker, as a shard finds it.
struct HostedPartition {
    ReplicaPtr replica;
    /// The topic's settings, for what is checked before the guard is entered.
    std::shared_ptr<const replication::PartitionOptions> options;
};

/// The replicas of this broker as one shard knows them: each shard has its own table, so that a
/// request finds a partition without a lock. Changed by posts of the metadata applier.
class ReplicaTable {
public:
    /// Null when there is none; valid until the table changes.
    [[nodiscard]] const HostedPartition* find(const controller::PartitionKey& key) const {
        const auto found = replicas_.find(key);
        return found == replicas_.end() ? nullptr : &found->second;
    }
    /// Adds the partition, or replaces it: new settings are a new object here, too.
    void put(const controller::PartitionKey& key, HostedPartition partition) {
        replicas_[key] = std::move(partition);
    }
    void erase(const controller::PartitionKey& key) { replicas_.erase(key); }

private:
    std::map<controller::PartitionKey, HostedPartition> replicas_;
};

}  // namespace hw::broker
