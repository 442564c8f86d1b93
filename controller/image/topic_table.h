#pragma once

#include <string>
#include <string_view>

#include "controller/image/persistent_map.h"
#include "controller/image/topic_image.h"
#include "protocol/base/ids.h"

namespace hw::controller {

using PartitionSet = PersistentSet<PartitionKey>;

/// All topics and partitions, with indexes of partitions by leader, ISR member and directory.
///
/// A value; copies share memory. The indexes always match the partitions.
class TopicTable {
public:
    using ByName = PersistentMap<std::string, TopicImage>;

    [[nodiscard]] const ByName& by_name() const { return topics_; }
    /// nullptr when there is none.
    [[nodiscard]] const TopicImage* find(std::string_view name) const;
    [[nodiscard]] const TopicImage* find(TopicId id) const;
    [[nodiscard]] const PartitionImage* find(PartitionKey key) const;

    /// Another topic whose name differs from `name` only by '.' and '_', so that their metrics
    /// would have the same name; nullptr when there is none.
    [[nodiscard]] const std::string* find_collision(std::string_view name) const;

    /// Partitions that `broker` leads; for kNoBroker, those without a leader.
    [[nodiscard]] PartitionSet led_by(BrokerId broker) const;
    /// Partitions that have `broker` in their ISR.
    [[nodiscard]] PartitionSet in_sync(BrokerId broker) const;

    /// Partitions that have a replica in `directory`; none for a reserved id.
    [[nodiscard]] PartitionSet in_directory(DirectoryId directory) const;
    /// Partitions that are led by another broker than their preferred leader, or by none.
    [[nodiscard]] const PartitionSet& not_led_as_preferred() const { return not_preferred_; }

    /// Adds the topic with its partitions, or replaces the one of that name.
    void put(TopicImage topic);
    /// Removes a topic; false when there is none.
    bool erase(TopicId id);
    /// Adds or replaces a partition of `topic`, which must exist.
    void put(TopicId topic, PartitionImage partition);

private:
    using ByBroker = PersistentMap<BrokerId, PartitionSet>;
    /// A name with every '.' replaced by '_', and the name itself. Entries with the same first part
    /// collide.
    using CollisionKey = std::pair<std::string, std::string>;

    /// Updates the indexes for a partition that changes; an image without replicas stands for none.
    void update_indexes(PartitionKey key, const PartitionImage& before,
                        const PartitionImage& after);

    ByName topics_;
    PersistentMap<TopicId, std::string> names_;
    PersistentSet<CollisionKey> collisions_;  ///< only names with a '.' or a '_'
    ByBroker led_;
    ByBroker in_sync_;
    PersistentMap<DirectoryId, PartitionSet> in_directory_;
    PartitionSet not_preferred_;
};

}  // namespace hw::controller
