#include "broker/api/metadata.h"

#include <algorithm>
#include <deque>
#include <vector>

#include "controller/topic_name.h"

namespace hw::broker {
namespace {

using controller::BrokerImage;
using controller::MetadataImage;
using controller::PartitionImage;
using controller::TopicImage;
using schema::MetadataRequest;
using schema::MetadataResponse;

/// One answer under construction; the arrays it points to live as long as it does.
class Answer {
public:
    Answer(const MetadataImage& image, const ListenerInfo& listener)
        : image_(image), listener_(listener) {}

    void add_brokers();
    void add_all_topics();
    void add_asked(const MetadataRequest::Topic& asked);
    [[nodiscard]] const MetadataResponse& finish();

private:
    void add(const TopicImage& topic);
    void add_error(const MetadataRequest::Topic& asked, wire::ErrorCode error);
    [[nodiscard]] MetadataResponse::Partition describe(const PartitionImage& partition);
    [[nodiscard]] const Endpoint* endpoint_of(const BrokerImage& broker) const;

    const MetadataImage& image_;
    const ListenerInfo& listener_;
    std::vector<MetadataResponse::Broker> brokers_;
    std::vector<MetadataResponse::Topic> topics_;
    std::deque<std::vector<MetadataResponse::Partition>> partitions_;
    std::deque<std::vector<BrokerId>> offline_;
    MetadataResponse response_;
};

const Endpoint* Answer::endpoint_of(const BrokerImage& broker) const {
    const auto found = broker.endpoints.find(listener_.name);
    return broker.fenced || found == broker.endpoints.end() ? nullptr : &found->second.address;
}

void Answer::add_brokers() {
    for (const auto& [id, broker] : image_.brokers()) {
        if (const Endpoint* endpoint = endpoint_of(broker)) {
            brokers_.push_back(
                {.node_id = id,
                 .host = endpoint->host,
                 .port = endpoint->port,
                 .rack = broker.rack.empty() ? std::string_view() : std::string_view(broker.rack)});
        }
    }
    // Clients send requests for the controller to a broker, which passes them on.
    const bool combined = image_.find_live_broker(image_.controller()) != nullptr;
    if (combined) {
        response_.controller_id = image_.controller();
    } else if (!brokers_.empty()) {
        response_.controller_id = brokers_.front().node_id;
    }
}

MetadataResponse::Partition Answer::describe(const PartitionImage& partition) {
    std::vector<BrokerId>& offline = offline_.emplace_back();
    std::ranges::copy_if(partition.replicas, std::back_inserter(offline),
                         [this](BrokerId id) { return image_.find_live_broker(id) == nullptr; });
    const bool has_leader = image_.find_live_broker(partition.leader) != nullptr;
    return {
        .error_code = has_leader ? wire::ErrorCode::none : wire::ErrorCode::leader_not_available,
        .partition_index = partition.index,
        .leader_id = has_leader ? partition.leader : kNoBroker,
        .leader_epoch = partition.leader_epoch,
        .replica_nodes = std::span<const BrokerId>(partition.replicas),
        .isr_nodes = std::span<const BrokerId>(partition.isr),
        .offline_replicas = std::span<const BrokerId>(offline)};
}

void Answer::add(const TopicImage& topic) {
    auto& partitions = partitions_.emplace_back();
    for (const auto& [index, partition] : topic.partitions) {
        partitions.push_back(describe(partition));
    }
    topics_.push_back({.error_code = wire::ErrorCode::none,
                       .name = topic.name,
                       .topic_id = topic.id,
                       .is_internal = topic.internal,
                       .partitions = std::span<const MetadataResponse::Partition>(partitions)});
}

void Answer::add_error(const MetadataRequest::Topic& asked, wire::ErrorCode error) {
    topics_.push_back({.error_code = error, .name = asked.name, .topic_id = asked.topic_id});
}

void Answer::add_all_topics() {
    for (const auto& [name, topic] : image_.topics()) {
        add(topic);
    }
}

void Answer::add_asked(const MetadataRequest::Topic& asked) {
    if (wire::is_null(asked.name)) {
        const TopicImage* topic = image_.find_topic(asked.topic_id);
        return topic == nullptr ? add_error(asked, wire::ErrorCode::unknown_topic_id) : add(*topic);
    }
    if (!controller::check_topic_name(asked.name)) {
        return add_error(asked, wire::ErrorCode::invalid_topic_exception);
    }
    const TopicImage* topic = image_.find_topic(asked.name);
    return topic == nullptr ? add_error(asked, wire::ErrorCode::unknown_topic_or_partition)
                            : add(*topic);
}

const MetadataResponse& Answer::finish() {
    response_.cluster_id = image_.cluster_id();
    response_.brokers = std::span<const MetadataResponse::Broker>(brokers_);
    response_.topics = std::span<const MetadataResponse::Topic>(topics_);
    return response_;
}

}  // namespace

Task<> MetadataHandler::serve(ExchangePtr exchange, const MetadataRequest& request) {
    Answer answer(*services_.image, *exchange->context().listener);
    answer.add_brokers();
    // Null asks for all topics; so does an empty list in version 0, which has no null.
    const bool old_all = exchange->version() == ApiVersion(0) && request.topics.empty();
    if (request.topics.is_null() || old_all) {
        answer.add_all_topics();
    } else {
        for (const MetadataRequest::Topic& asked : request.topics) {
            answer.add_asked(asked);
        }
    }
    exchange->reply(answer.finish());
    co_return;
}

}  // namespace hw::broker
