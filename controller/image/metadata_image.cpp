#include "controller/image/metadata_image.h"

#include <utility>

namespace hw::controller {

void MetadataImage::put(BrokerImage broker) {
    const BrokerId id = broker.id;
    brokers_.insert_or_assign(id, std::move(broker));
}

void MetadataImage::put(TopicImage topic) {
    topic_names_.insert_or_assign(topic.id, topic.name);
    std::string name = topic.name;
    topics_.insert_or_assign(std::move(name), std::move(topic));
}

const TopicImage* MetadataImage::find_topic(std::string_view name) const {
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : &found->second;
}

const TopicImage* MetadataImage::find_topic(TopicId id) const {
    const auto found = topic_names_.find(id);
    return found == topic_names_.end() ? nullptr : find_topic(std::string_view(found->second));
}

const BrokerImage* MetadataImage::find_live_broker(BrokerId id) const {
    const auto found = brokers_.find(id);
    return found == brokers_.end() || found->second.fenced ? nullptr : &found->second;
}

}  // namespace hw::controller
