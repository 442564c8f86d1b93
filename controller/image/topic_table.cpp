#include "controller/image/topic_table.h"

#include <algorithm>
#include <utility>
#include <vector>

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

template <class Index, class Id>
PartitionSet set_of(const Index& sets, Id id) {
    const PartitionSet* found = sets.find(id);
    return found == nullptr ? PartitionSet() : *found;
}

template <class Index, class Id>
void add(Index& sets, Id id, PartitionKey key) {
    PartitionSet partitions = set_of(sets, id);
    partitions.put(key, {});
    sets.put(id, std::move(partitions));
}

template <class Index, class Id>
void remove(Index& sets, Id id, PartitionKey key) {
    PartitionSet partitions = set_of(sets, id);
    partitions.erase(key);
    if (partitions.empty()) {
        sets.erase(id);
    } else {
        sets.put(id, std::move(partitions));
    }
}

/// Moves `key` from the sets of the ids `before` to those of the ids `after`.
template <class Index, class Id>
void move_between(Index& sets, PartitionKey key, const std::vector<Id>& before,
                  const std::vector<Id>& after) {
    if (before == after) {
        return;
    }
    for (const Id id : before) {
        remove(sets, id, key);
    }
    for (const Id id : after) {
        add(sets, id, key);
    }
}

bool exists(const PartitionImage& partition) {
    return !partition.replicas.empty();
}

std::vector<BrokerId> leaders_of(const PartitionImage& partition) {
    return exists(partition) ? std::vector{partition.leader} : std::vector<BrokerId>();
}

std::vector<DirectoryId> real_directories_of(const PartitionImage& partition) {
    std::vector<DirectoryId> directories = partition.directories;
    std::erase_if(directories, is_reserved);
    return directories;
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

PartitionSet TopicTable::in_directory(DirectoryId directory) const {
    return set_of(in_directory_, directory);
}

void TopicTable::put(TopicImage topic) {
    if (const TopicImage* old = find(topic.name)) {
        erase(old->id);
    }
    for (const auto& [index, partition] : topic.partitions) {
        update_indexes({topic.id, index}, {}, partition);
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
        update_indexes({id, index}, partition, {});
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
    const PartitionImage* old = changed.partitions.find(partition.index);
    update_indexes({topic, partition.index}, old == nullptr ? PartitionImage() : *old, partition);
    const PartitionIndex index = partition.index;
    changed.partitions.put(index, std::move(partition));
    std::string name = changed.name;
    topics_.put(std::move(name), std::move(changed));
}

void TopicTable::update_indexes(PartitionKey key, const PartitionImage& before,
                                const PartitionImage& after) {
    move_between(led_, key, leaders_of(before), leaders_of(after));
    move_between(in_sync_, key, before.isr, after.isr);
    move_between(in_directory_, key, real_directories_of(before), real_directories_of(after));
    if (exists(after) && after.leader != after.replicas.front()) {
        not_preferred_.put(key, {});
    } else {
        not_preferred_.erase(key);
    }
}

}  // namespace hw::controller
