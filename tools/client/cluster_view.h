#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/address.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::client {

struct PartitionView {
    PartitionIndex index;
    BrokerId leader = kNoBroker;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> in_sync;
    std::vector<BrokerId> offline;
};

struct TopicView {
    std::string name;
    TopicId id;
    bool internal = false;
    std::vector<PartitionView> partitions;  ///< by index
    std::optional<Error> error;             ///< why the rest is unknown

    /// Of the first partition, as Kafka's tools count; 0 without partitions.
    [[nodiscard]] std::size_t replication_factor() const {
        return partitions.empty() ? 0 : partitions.front().replicas.size();
    }
};

/// What a broker knew of its cluster when it was asked.
struct ClusterView {
    std::map<BrokerId, config::Address> brokers;
    std::vector<TopicView> topics;  ///< by name
};

}  // namespace hw::client
