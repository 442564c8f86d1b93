#include "controller/ops/election.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "controller/image/topic_image.h"

namespace hw::controller {
namespace {

constexpr std::string_view kUncleanEnabled = "unclean.leader.election.enable";

/// Whether the value of a boolean config is true; Kafka ignores case and blanks around it.
bool is_true(std::string_view value) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = std::min(value.find_first_not_of(kBlanks), value.size());
    value.remove_prefix(first);
    value.remove_suffix(value.size() - (value.find_last_not_of(kBlanks) + 1));
    return std::ranges::equal(value, std::string_view("true"), [](char given, char letter) {
        return given == letter || given == letter - 'a' + 'A';
    });
}

const std::string* find_config(const MetadataImage& image, ConfigResourceType type,
                               std::string_view resource) {
    const ConfigValues* values = image.find_configs({type, std::string(resource)});
    if (values == nullptr) {
        return nullptr;
    }
    const auto found = values->find(kUncleanEnabled);
    return found == values->end() ? nullptr : &found->second;
}

void elect(RecordBatch& batch, const BrokersDuringElection& brokers,
           const PartitionSet& partitions) {
    for (const auto& [key, nothing] : partitions) {
        PartitionChangeBuilder(brokers, key, *brokers.image.topic_table().find(key))
            .elect(election_of(brokers, key.topic))
            .add_to(batch);
    }
}

}  // namespace

Election election_of(const BrokersDuringElection& brokers, std::string_view topic) {
    const std::string* value = find_config(brokers.image, ConfigResourceType::topic, topic);
    if (value == nullptr) {
        value = find_config(brokers.image, ConfigResourceType::broker, "");
    }
    const bool is_unclean = value == nullptr ? brokers.unclean_by_default : is_true(*value);
    return is_unclean ? Election::unclean : Election::online;
}

Election election_of(const BrokersDuringElection& brokers, TopicId topic) {
    return election_of(brokers, brokers.image.find_topic(topic)->name);
}

void add_changes_of_leaving(RecordBatch& batch, const BrokersDuringElection& brokers) {
    elect(batch, brokers, brokers.image.topic_table().in_sync(brokers.leaving));
}

void add_changes_of_directory(RecordBatch& batch, const BrokersDuringElection& brokers,
                              DirectoryId directory) {
    elect(batch, brokers, brokers.image.topic_table().in_directory(directory));
}

void add_changes_of_topic(RecordBatch& batch, const BrokersDuringElection& brokers, TopicId topic) {
    PartitionSet leaderless;
    const PartitionSet all = brokers.image.topic_table().led_by(kNoBroker);
    for (auto at = all.lower_bound(PartitionKey{topic, PartitionIndex(0)}); at != all.end(); ++at) {
        if (at->first.topic != topic) {
            break;
        }
        leaderless.put(at->first, {});
    }
    elect(batch, brokers, leaderless);
}

void add_changes_of_arriving(RecordBatch& batch, const BrokersDuringElection& brokers) {
    elect(batch, brokers, brokers.image.topic_table().led_by(kNoBroker));
}

}  // namespace hw::controller
