#include "controller/image/metadata_delta.h"

#include <utility>
#include <variant>

#include "controller/image/features.h"
#include "controller/image/from_record.h"
#include "controller/image/topic_name.h"

namespace hw::controller {

bool MetadataChanges::empty() const {
    return features.empty() && brokers.empty() && controllers.empty() && created_topics.empty() &&
           deleted_topics.empty() && partitions.empty() && configs.empty() && !producer_ids;
}

Result<void> MetadataDelta::apply(const schema::MetadataRecord& record, Offset offset) {
    return std::visit(
        [&]<class Record>(const Record& body) -> Result<void> {
            if constexpr (requires { replay(body, offset); }) {
                return replay(body, offset);
            } else if constexpr (requires { replay(body); }) {
                return replay(body);
            } else {
                return {};
            }
        },
        record);
}

Result<BrokerImage> MetadataDelta::find_registration(BrokerId id, BrokerEpoch epoch,
                                                     std::string_view record) const {
    const BrokerImage* broker = image_.find_broker(id);
    if (broker == nullptr) {
        return fail(ErrorKind::corrupt, "{}: broker {} is not registered", record, id);
    }
    if (broker->epoch != epoch) {
        return fail(ErrorKind::corrupt, "{}: broker {} has epoch {}, the record has {}", record, id,
                    broker->epoch, epoch);
    }
    return *broker;
}

void MetadataDelta::put(BrokerImage broker) {
    changes_.brokers.insert(broker.id);
    image_.put(std::move(broker));
}

void MetadataDelta::put(TopicId topic, PartitionImage partition) {
    changes_.partitions.insert({topic, partition.index});
    image_.put(topic, std::move(partition));
}

Result<void> MetadataDelta::replay(const schema::RegisterBrokerRecord& record, Offset offset) {
    put(broker_of(record, offset));
    return {};
}

Result<void> MetadataDelta::replay(const schema::UnregisterBrokerRecord& record) {
    const auto broker = find_registration(record.broker_id, record.broker_epoch, record.kName);
    if (!broker) {
        return std::unexpected(broker.error());
    }
    changes_.brokers.insert(record.broker_id);
    image_.erase_broker(record.broker_id);
    return {};
}

Result<void> MetadataDelta::replay(const schema::FenceBrokerRecord& record, Offset offset) {
    auto broker = find_registration(record.id, record.epoch, record.kName);
    if (!broker) {
        return std::unexpected(broker.error());
    }
    broker->fenced = true;
    broker->catch_up_to = offset;
    put(*std::move(broker));
    return {};
}

Result<void> MetadataDelta::replay(const schema::UnfenceBrokerRecord& record) {
    auto broker = find_registration(record.id, record.epoch, record.kName);
    if (!broker) {
        return std::unexpected(broker.error());
    }
    broker->fenced = false;
    put(*std::move(broker));
    return {};
}

Result<void> MetadataDelta::replay(const schema::BrokerRegistrationChangeRecord& record,
                                   Offset offset) {
    auto broker = find_registration(record.broker_id, record.broker_epoch, record.kName);
    if (!broker) {
        return std::unexpected(broker.error());
    }
    put(changed(*std::move(broker), record, offset));
    return {};
}

Result<void> MetadataDelta::replay(const schema::RegisterControllerRecord& record) {
    changes_.controllers.insert(record.controller_id);
    image_.put(controller_of(record));
    return {};
}

Result<void> MetadataDelta::replay(const schema::UnregisterControllerRecord& record) {
    changes_.controllers.insert(record.controller_id);
    image_.erase_controller(record.controller_id);
    return {};
}

Result<void> MetadataDelta::replay(const schema::TopicRecord& record) {
    if (const TopicImage* old = image_.find_topic(record.name)) {
        return fail(ErrorKind::corrupt, "TopicRecord: topic {} already exists, with id {}",
                    record.name, old->id);
    }
    if (const TopicImage* old = image_.find_topic(record.topic_id)) {
        return fail(ErrorKind::corrupt,
                    "TopicRecord: id {} of topic {} already belongs to topic {}", record.topic_id,
                    record.name, old->name);
    }
    changes_.created_topics.insert(record.topic_id);
    image_.put(TopicImage{.id = record.topic_id,
                          .name = std::string(record.name),
                          .internal = is_internal_topic(record.name),
                          .partitions = {}});
    return {};
}

Result<void> MetadataDelta::replay(const schema::PartitionRecord& record) {
    if (image_.find_topic(record.topic_id) == nullptr) {
        return fail(ErrorKind::corrupt, "PartitionRecord: there is no topic with id {}",
                    record.topic_id);
    }
    Result<PartitionImage> partition = partition_of(record);
    if (!partition) {
        return std::unexpected(partition.error());
    }
    put(record.topic_id, *std::move(partition));
    return {};
}

Result<void> MetadataDelta::replay(const schema::PartitionChangeRecord& record) {
    const PartitionKey key{record.topic_id, record.partition_id};
    const PartitionImage* old = image_.topic_table().find(key);
    if (old == nullptr) {
        return fail(ErrorKind::corrupt, "PartitionChangeRecord: topic id {} has no partition {}",
                    record.topic_id, record.partition_id);
    }
    Result<PartitionImage> partition = changed(*old, record);
    if (!partition) {
        return std::unexpected(partition.error());
    }
    put(record.topic_id, *std::move(partition));
    return {};
}

Result<void> MetadataDelta::replay(const schema::RemoveTopicRecord& record) {
    const TopicImage* topic = image_.find_topic(record.topic_id);
    if (topic == nullptr) {
        return fail(ErrorKind::corrupt, "RemoveTopicRecord: there is no topic with id {}",
                    record.topic_id);
    }
    const ConfigResource configs{ConfigResourceType::topic, topic->name};
    if (image_.find_configs(configs) != nullptr) {
        changes_.configs.insert(configs);
    }
    const PartitionKey first{record.topic_id, PartitionIndex(0)};
    const PartitionKey last{record.topic_id, PartitionIndex(INT32_MAX)};
    changes_.partitions.erase(changes_.partitions.lower_bound(first),
                              changes_.partitions.upper_bound(last));
    if (changes_.created_topics.erase(record.topic_id) == 0) {
        changes_.deleted_topics.emplace(record.topic_id, topic->name);
    }
    image_.erase_topic(*topic);
    return {};
}

void MetadataDelta::clear_elr(const TopicImage& topic) {
    const TopicImage before = topic;
    for (const auto& [index, partition] : before.partitions) {
        if (!partition.elr.empty() || !partition.last_known_elr.empty()) {
            PartitionImage cleared = partition;
            cleared.elr.clear();
            cleared.last_known_elr.clear();
            put(before.id, std::move(cleared));
        }
    }
}

Result<void> MetadataDelta::replay(const schema::ClearElrRecord& record) {
    if (record.topic_name.empty()) {
        const TopicTable::ByName topics = image_.topics();
        for (const auto& [name, topic] : topics) {
            clear_elr(topic);
        }
        return {};
    }
    const TopicImage* topic = image_.find_topic(record.topic_name);
    if (topic == nullptr) {
        return fail(ErrorKind::corrupt, "ClearElrRecord: there is no topic {}", record.topic_name);
    }
    clear_elr(*topic);
    return {};
}

Result<void> MetadataDelta::replay(const schema::ConfigRecord& record) {
    ConfigResource resource{static_cast<ConfigResourceType>(record.resource_type),
                            std::string(record.resource_name)};
    const ConfigValues* old = image_.find_configs(resource);
    ConfigValues values = old == nullptr ? ConfigValues() : *old;
    if (wire::is_null(record.value)) {
        values.erase(std::string(record.name));
    } else {
        values.insert_or_assign(std::string(record.name), std::string(record.value));
    }
    changes_.configs.insert(resource);
    image_.set_configs(std::move(resource), std::move(values));
    return {};
}

Result<void> MetadataDelta::replay(const schema::FeatureLevelRecord& record) {
    HW_TRY_VOID(check_known(record.name, record.feature_level));
    changes_.features.insert(std::string(record.name));
    image_.set_feature(record.name, record.feature_level);
    return {};
}

Result<void> MetadataDelta::replay(const schema::ProducerIdsRecord& record) {
    if (record.next_producer_id <= image_.next_producer_id()) {
        return fail(ErrorKind::corrupt,
                    "ProducerIdsRecord: the next producer id {} is not above the present one, {}",
                    record.next_producer_id, image_.next_producer_id());
    }
    changes_.producer_ids = true;
    image_.set_next_producer_id(record.next_producer_id);
    return {};
}

}  // namespace hw::controller
