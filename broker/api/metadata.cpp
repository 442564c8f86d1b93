#include "broker/api/metadata.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "broker/api/authorized_operations.h"
#include "broker/api/listener_view.h"
#include "controller/topic_name.h"

namespace hw::broker {
namespace {

using controller::MetadataImage;
using controller::PartitionImage;
using controller::TopicImage;
using schema::MetadataRequest;
using schema::MetadataResponse;

/// One answer under construction; the arrays it points to live as long as it does.
class Answer {
public:
    Answer(const MetadataImage& image, const ListenerInfo& listener,
           const TopicCreator::Refusals& refusals)
        : image_(image), listener_(listener), refusals_(refusals) {}

    void add_brokers();
    void add_all_topics();
    void add_asked(const MetadataRequest::Topic& asked);
    void add_operations(const MetadataRequest& request);
    [[nodiscard]] const MetadataResponse& finish();

private:
    void add(const TopicImage& topic);
    void add_error(const MetadataRequest::Topic& asked, wire::ErrorCode error);
    [[nodiscard]] MetadataResponse::Partition describe(const PartitionImage& partition);

    const MetadataImage& image_;
    const ListenerInfo& listener_;
    const TopicCreator::Refusals& refusals_;
    std::vector<MetadataResponse::Broker> brokers_;
    std::vector<MetadataResponse::Topic> topics_;
    std::deque<std::vector<MetadataResponse::Partition>> partitions_;
    std::deque<std::vector<BrokerId>> offline_;
    MetadataResponse response_;
};

void Answer::add_brokers() {
    for (const auto& [id, broker] : image_.brokers()) {
        if (const Endpoint* endpoint = live_endpoint_on(broker, listener_)) {
            brokers_.push_back({.node_id = id,
                                .host = endpoint->host,
                                .port = endpoint->port,
                                .rack = rack_or_null(broker)});
        }
    }
    response_.controller_id = controller_for_clients(image_, listener_);
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
    if (const TopicImage* topic = image_.find_topic(asked.name)) {
        return add(*topic);
    }
    const auto refusal = refusals_.find(asked.name);
    add_error(asked, refusal == refusals_.end() ? wire::ErrorCode::unknown_topic_or_partition
                                                : refusal->second);
}

void Answer::add_operations(const MetadataRequest& request) {
    if (request.include_cluster_authorized_operations) {
        response_.cluster_authorized_operations = kClusterOperations;
    }
    if (request.include_topic_authorized_operations) {
        for (MetadataResponse::Topic& topic : topics_) {
            if (!wire::is_null(topic.name)) {
                topic.topic_authorized_operations = kTopicOperations;
            }
        }
    }
}

const MetadataResponse& Answer::finish() {
    response_.cluster_id = image_.cluster_id();
    response_.brokers = std::span<const MetadataResponse::Broker>(brokers_);
    response_.topics = std::span<const MetadataResponse::Topic>(topics_);
    return response_;
}

bool may_create(std::string_view name) {
    return controller::check_topic_name(name) && !controller::is_internal_topic(name) &&
           name != controller::kMetadataTopic;
}

}  // namespace

TopicCreator::Names MetadataHandler::missing_names(const MetadataRequest& request) const {
    TopicCreator::Names names;
    for (const MetadataRequest::Topic& asked : request.topics) {
        if (!wire::is_null(asked.name) && services_.image->find_topic(asked.name) == nullptr &&
            may_create(asked.name)) {
            names.emplace(asked.name);
        }
    }
    return names;
}

void MetadataHandler::answer(Exchange& exchange, const MetadataRequest& request,
                             const TopicCreator::Refusals& refusals) const {
    Answer answer(*services_.image, *exchange.context().listener, refusals);
    answer.add_brokers();
    // Null asks for all topics; so does an empty list in version 0, which has no null.
    const bool old_all = exchange.version() == ApiVersion(0) && request.topics.empty();
    if (request.topics.is_null() || old_all) {
        answer.add_all_topics();
    } else {
        for (const MetadataRequest::Topic& asked : request.topics) {
            answer.add_asked(asked);
        }
    }
    answer.add_operations(request);
    exchange.reply(answer.finish());
}

Task<> MetadataHandler::serve(ExchangePtr exchange, const MetadataRequest& request) {
    TopicCreator::Names missing;
    if (creator_ != nullptr && request.allow_auto_topic_creation) {
        missing = missing_names(request);
    }
    if (missing.empty()) {
        answer(*exchange, request, {});
        return done();
    }
    // The request lives as long as the exchange.
    creator_->create(
        services_.shard, std::move(missing),
        [this, &request, exchange = std::move(exchange)](const TopicCreator::Refusals& refusals) {
            answer(*exchange, request, refusals);
        });
    return done();
}

}  // namespace hw::broker
