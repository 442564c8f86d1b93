#include "broker/coordinator/consumer/group_topics.h"

#include <utility>

#include "broker/coordinator/consumer/topic_hash.h"

namespace hw::broker {
namespace {

std::int64_t hash_of(const controller::TopicImage& topic, const controller::MetadataImage& image) {
    TopicToHash described{.id = topic.id, .name = topic.name, .racks = {}};
    described.racks.reserve(topic.partitions.size());
    for (const auto& [index, partition] : topic.partitions) {
        auto& racks = described.racks.emplace_back();
        for (const BrokerId replica : partition.replicas) {
            const controller::BrokerImage* const broker = image.find_broker(replica);
            if (broker != nullptr && !broker->rack.empty()) {
                racks.push_back(broker->rack);
            }
        }
    }
    return topic_hash(described);
}

}  // namespace

void GroupTopics::see(const std::shared_ptr<const controller::MetadataImage>& image) {
    if (image_ == nullptr || image->last_offset() > position()) {
        image_ = image;
        hashes_.clear();
    }
}

std::int64_t GroupTopics::hash(const std::vector<std::string_view>& names) {
    std::vector<NamedTopicHash> topics;
    for (const std::string_view name : names) {
        const controller::TopicImage* const topic =
            image_ == nullptr ? nullptr : image_->find_topic(name);
        if (topic == nullptr) {
            continue;
        }
        auto known = hashes_.find(name);
        if (known == hashes_.end()) {
            known = hashes_.emplace(std::string(name), hash_of(*topic, *image_)).first;
        }
        topics.push_back({name, known->second});
    }
    return metadata_hash(std::move(topics));
}

}  // namespace hw::broker
