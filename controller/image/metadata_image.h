#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/network.h"

namespace hw::controller {

/// A registered broker as clients see it.
struct BrokerImage {
    BrokerId id;
    BrokerEpoch epoch;
    bool fenced = true;
    std::string rack;  ///< empty: none
    /// By listener name; what clients of that listener connect to.
    std::map<std::string, Endpoint, std::less<>> endpoints;
};

struct PartitionImage {
    PartitionIndex index;
    BrokerId leader = kNoBroker;
    LeaderEpoch leader_epoch;
    PartitionEpoch partition_epoch;
    std::vector<BrokerId> replicas;
    std::vector<BrokerId> isr;
    std::vector<DirectoryId> directories;  ///< one for each replica
};

struct TopicImage {
    TopicId id;
    std::string name;
    bool internal = false;
    std::vector<PartitionImage> partitions;  ///< by index, without gaps
};

/// The cluster's metadata at one offset of the metadata log. Immutable once it is published; a new
/// state is a new image.
class MetadataImage {
public:
    MetadataImage(std::string cluster_id, BrokerId controller)
        : cluster_id_(std::move(cluster_id)), controller_(controller) {}

    [[nodiscard]] const std::string& cluster_id() const { return cluster_id_; }
    /// The active controller, or -1.
    [[nodiscard]] BrokerId controller() const { return controller_; }

    void put(BrokerImage broker);
    void put(TopicImage topic);

    /// In order of their ids.
    [[nodiscard]] const std::map<BrokerId, BrokerImage>& brokers() const { return brokers_; }
    /// In order of their names.
    [[nodiscard]] const std::map<std::string, TopicImage, std::less<>>& topics() const {
        return topics_;
    }
    /// nullptr when there is none.
    [[nodiscard]] const TopicImage* find_topic(std::string_view name) const;
    [[nodiscard]] const TopicImage* find_topic(TopicId id) const;
    /// The broker, if it is registered and not fenced; else nullptr.
    [[nodiscard]] const BrokerImage* find_live_broker(BrokerId id) const;

private:
    std::string cluster_id_;
    BrokerId controller_;
    std::map<BrokerId, BrokerImage> brokers_;
    std::map<std::string, TopicImage, std::less<>> topics_;
    std::map<TopicId, std::string> topic_names_;
};

}  // namespace hw::controller
