#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "controller/image/broker_image.h"
#include "controller/image/persistent_map.h"
#include "controller/image/topic_table.h"
#include "protocol/base/ids.h"

namespace hw::controller {

/// The feature whose level decides which records may be written, and in which versions.
inline constexpr std::string_view kMetadataVersionFeature = "metadata.version";

/// The type of resource that a config belongs to, with the numbers of ConfigRecord.
enum class ConfigResourceType : std::int8_t {
    topic = 2,
    broker = 4,
    broker_logger = 8,
    client_metrics = 16,
    group = 32
};

/// Identifies a resource that has configs, for example a topic.
struct ConfigResource {
    ConfigResourceType type = ConfigResourceType::topic;
    std::string name;  ///< for a broker its id; empty: the default of all brokers

    auto operator<=>(const ConfigResource&) const = default;
};

/// The configs that are set for a resource: name and value.
using ConfigValues = std::map<std::string, std::string, std::less<>>;

/// The cluster's metadata at one offset of the metadata log.
///
/// A value whose copies share memory, so a new image costs only what has changed. Published as a
/// pointer to const: from then on it never changes, and readers on any thread share it.
class MetadataImage {
public:
    explicit MetadataImage(std::string cluster_id) : cluster_id_(std::move(cluster_id)) {}

    [[nodiscard]] const std::string& cluster_id() const { return cluster_id_; }
    /// The active controller, or -1. It is not in the log; see ImageLoader::set_controller.
    [[nodiscard]] BrokerId controller() const { return controller_; }
    /// The last offset of the log that is applied, or -1; and the epoch of its batch.
    [[nodiscard]] Offset last_offset() const { return last_offset_; }
    [[nodiscard]] LeaderEpoch last_epoch() const { return last_epoch_; }

    /// The finalized level of a feature; 0 if it is not finalized.
    [[nodiscard]] std::int16_t feature_level(std::string_view name) const;
    [[nodiscard]] const PersistentMap<std::string, std::int16_t>& features() const {
        return features_;
    }

    /// Registered brokers, ordered by id.
    [[nodiscard]] const PersistentMap<BrokerId, BrokerImage>& brokers() const { return brokers_; }
    [[nodiscard]] const PersistentMap<BrokerId, ControllerImage>& controllers() const {
        return controllers_;
    }
    /// nullptr when there is none.
    [[nodiscard]] const BrokerImage* find_broker(BrokerId id) const { return brokers_.find(id); }
    /// The broker if it is registered and not fenced, otherwise nullptr.
    [[nodiscard]] const BrokerImage* find_live_broker(BrokerId id) const;
    /// Whether a broker is in a controlled shutdown, and has not ended yet.
    [[nodiscard]] bool has_leaving_broker() const;

    [[nodiscard]] const TopicTable& topic_table() const { return topics_; }
    /// All topics, ordered by name.
    [[nodiscard]] const TopicTable::ByName& topics() const { return topics_.by_name(); }
    /// nullptr when there is none.
    [[nodiscard]] const TopicImage* find_topic(std::string_view name) const {
        return topics_.find(name);
    }
    [[nodiscard]] const TopicImage* find_topic(TopicId id) const { return topics_.find(id); }

    /// The configs that are set for the resource; nullptr if there are none.
    [[nodiscard]] const ConfigValues* find_configs(const ConfigResource& resource) const {
        return configs_.find(resource);
    }
    /// First id of the next block of producer ids.
    [[nodiscard]] ProducerId next_producer_id() const { return next_producer_id_; }

    void set_controller(BrokerId id) { controller_ = id; }
    void set_position(Offset last_offset, LeaderEpoch epoch);
    /// Level 0 means not finalized.
    void set_feature(std::string_view name, std::int16_t level);
    void put(BrokerImage broker);
    void erase_broker(BrokerId id) { brokers_.erase(id); }
    void put(ControllerImage controller);
    void erase_controller(BrokerId id) { controllers_.erase(id); }
    void put(TopicImage topic) { topics_.put(std::move(topic)); }
    void put(TopicId topic, PartitionImage partition) { topics_.put(topic, std::move(partition)); }
    /// Removes the topic and its configs.
    void erase_topic(const TopicImage& topic);
    void set_configs(ConfigResource resource, ConfigValues values);
    void set_next_producer_id(ProducerId id) { next_producer_id_ = id; }

private:
    std::string cluster_id_;
    BrokerId controller_ = kNoBroker;
    Offset last_offset_ = kNoOffset;
    LeaderEpoch last_epoch_ = kNoLeaderEpoch;
    PersistentMap<std::string, std::int16_t> features_;
    PersistentMap<BrokerId, BrokerImage> brokers_;
    PersistentMap<BrokerId, ControllerImage> controllers_;
    TopicTable topics_;
    PersistentMap<ConfigResource, ConfigValues> configs_;
    ProducerId next_producer_id_{0};
};

}  // namespace hw::controller
