#include "controller/image/metadata_image.h"

#include <algorithm>
#include <utility>

namespace hw::controller {

std::int16_t MetadataImage::feature_level(std::string_view name) const {
    const std::int16_t* level = features_.find(name);
    return level == nullptr ? std::int16_t{0} : *level;
}

const BrokerImage* MetadataImage::find_live_broker(BrokerId id) const {
    const BrokerImage* broker = brokers_.find(id);
    return broker == nullptr || broker->fenced ? nullptr : broker;
}

bool MetadataImage::has_leaving_broker() const {
    return std::ranges::any_of(brokers_, [](const auto& entry) {
        return entry.second.in_controlled_shutdown && !entry.second.fenced;
    });
}

void MetadataImage::set_position(Offset last_offset, LeaderEpoch epoch) {
    last_offset_ = last_offset;
    last_epoch_ = epoch;
}

void MetadataImage::set_feature(std::string_view name, std::int16_t level) {
    if (level == 0) {
        features_.erase(name);
    } else {
        features_.put(std::string(name), level);
    }
}

void MetadataImage::put(BrokerImage broker) {
    const BrokerId id = broker.id;
    brokers_.put(id, std::move(broker));
}

void MetadataImage::put(ControllerImage controller) {
    const BrokerId id = controller.id;
    controllers_.put(id, std::move(controller));
}

void MetadataImage::erase_topic(const TopicImage& topic) {
    const TopicId id = topic.id;
    configs_.erase(ConfigResource{ConfigResourceType::topic, topic.name});
    topics_.erase(id);
}

void MetadataImage::set_configs(ConfigResource resource, ConfigValues values) {
    if (values.empty()) {
        configs_.erase(resource);
    } else {
        configs_.put(std::move(resource), std::move(values));
    }
}

}  // namespace hw::controller
