#include "controller/image/topic_table.h"

#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::controller {
namespace {

bool may_collide(std::string_view name) {
    return name.find_first_of("._") != std::string_view::npos;
}

std::string without_dots(std::string_view name) {
    std::string unified(name);
    std::ranges::replace(unified, '.', '_');
    return unified;
}

using ByBroker = PersistentMap<BrokerId, PartitionSet>;

PartitionSet set_of(const ByBroker& sets, BrokerId broker) {
    const PartitionSet* found = sets.find(broker);
    return found == nullptr ? PartitionSet() : *found;
}

void add(ByBroker& sets, BrokerId broker, PartitionKey key) {
    PartitionSet partitions = set_of(sets, broker);
    partitions.put(key, {});
    sets.put(broker, std::move(partitions));
}

void remove(ByBroker& sets, BrokerId broker, PartitionKey key) {
    PartitionSet partitions = set_of(sets, broker);
    partitions.erase(key);
    if (partitions.empty()) {
        sets.erase(broker);
    } else {
        sets.put(broker, std::move(partitions));
    }
}

}  // namespace

const TopicImage* TopicTable::find(std::string_view name) const {
    return topics_.find(name);
}

const TopicImage* TopicTable::find(TopicId id) const {
    const std::string* name = names_.find(id);
    return name == nullptr ? nullptr : topics_.find(*name);
}

const PartitionImage* TopicTable::find(PartitionKey key) const {
    const TopicImage* topic = find(key.topic);
    return topic == nullptr ? nullptr : topic->partitions.find(key.index);
}

const std::string* TopicTable::find_collision(std::string_view name) const {
    if (!may_collide(name)) {
        return nullptr;
    }
    const std::string unified = without_dots(name);
    for (auto at = collisions_.lower_bound(CollisionKey(unified, "")); at != collisions_.end();
         ++at) {
        const CollisionKey& key = at->first;
        if (key.first != unified) {
            break;
        }
        if (key.second != name) {
            return &key.second;
        }
    }
    return nullptr;
}

PartitionSet TopicTable::led_by(BrokerId broker) const {
    return set_of(led_, broker);
}

PartitionSet TopicTable::in_sync(BrokerId broker) const {
    return set_of(in_sync_, broker);
}

void TopicTable::put(TopicImage topic) {
    if (const TopicImage* old = find(topic.name)) {
        erase(old->id);
    }
    for (const auto& [index, partition] : topic.partitions) {
        add_to_indexes(topic.id, partition);
    }
    names_.put(topic.id, topic.name);
    if (may_collide(topic.name)) {
        collisions_.put(CollisionKey(without_dots(topic.name), topic.name), {});
    }
    std::string name = topic.name;
    topics_.put(std::move(name), std::move(topic));
}

bool TopicTable::erase(TopicId id) {
    const TopicImage* found = find(id);
    if (found == nullptr) {
        return false;
    }
    const TopicImage topic = *found;
    for (const auto& [index, partition] : topic.partitions) {
        remove_from_indexes(id, partition);
    }
    collisions_.erase(CollisionKey(without_dots(topic.name), topic.name));
    names_.erase(id);
    topics_.erase(topic.name);
    return true;
}

void TopicTable::put(TopicId topic, PartitionImage partition) {
    const TopicImage* found = find(topic);
    HW_ASSERT(found != nullptr);
    TopicImage changed = *found;
    if (const PartitionImage* old = changed.partitions.find(partition.index)) {
        remove_from_indexes(topic, *old);
    }
    add_to_indexes(topic, partition);
    const PartitionIndex index = partition.index;
    changed.partitions.put(index, std::move(partition));
    std::string name = changed.name;
    topics_.put(std::move(name), std::move(changed));
}

void TopicTable::add_to_indexes(TopicId topic, const PartitionImage& partition) {
    const PartitionKey key{topic, partition.index};
    add(led_, partition.leader, key);
    for (const BrokerId member : partition.isr) {
        add(in_sync_, member, key);
    }
}

void TopicTable::remove_from_indexes(TopicId topic, const PartitionImage& partition) {
    const PartitionKey key{topic, partition.index};
    remove(led_, partition.leader, key);
    for (const BrokerId member : partition.isr) {
        remove(in_sync_, member, key);
    }
}

}  // namespace hw::controller
