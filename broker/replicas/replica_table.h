#pragma once

#include <map>

#include "broker/replicas/hosted_replica.h"
#include "controller/image/topic_image.h"

namespace hw::broker {

/// The replicas of this broker as one shard knows them: each shard has its own table, so that a
/// request finds a partition without a lock. Changed by posts of the metadata applier.
class ReplicaTable {
public:
    /// Null when there is none.
    [[nodiscard]] ReplicaPtr find(const controller::PartitionKey& key) const {
        const auto found = replicas_.find(key);
        return found == replicas_.end() ? nullptr : found->second;
    }
    void put(const controller::PartitionKey& key, ReplicaPtr replica) {
        replicas_[key] = std::move(replica);
    }
    void erase(const controller::PartitionKey& key) { replicas_.erase(key); }
    void clear() { replicas_.clear(); }

private:
    std::map<controller::PartitionKey, ReplicaPtr> replicas_;
};

}  // namespace hw::broker
