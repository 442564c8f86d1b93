#include "broker/api/metadata.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>
#include <vector>

#include "broker/api/authorized_operations.h"
#include "broker/api/listener_view.h"
#include "broker/net/long_loop.h"
#include "controller/image/topic_name.h"
#include "controller/ops/partition_change.h"

namespace hw::broker {
namespace {

using controller::MetadataImage;
using controller::PartitionImage;
using controller::TopicImage;
using schema::MetadataRequest;
using schema::MetadataResponse;

/// Memory for a topic or a partition of the answer.
constexpr std::size_t kBytesPerItem = 160;
constexpr ApiVersion kListenerNotFoundFrom{6};

bool may_describe(const RequestContext& who, std::string_view topic) {
    return who.allows(Operation::describe, topic_resource(topic));
}

/// Builds one answer, and owns the arrays that it points to.
class MetadataAnswer {
public:
    /// All must outlive it.
    MetadataAnswer(const MetadataImage& image, Exchange& exchange,
                   const TopicCreator::Refusals& refusals)
        : image_(image), exchange_(exchange), who_(exchange.context()), refusals_(refusals) {}

    void add_brokers();
    /// Adds a topic unless the caller may not describe it.
    void add_allowed(const TopicImage& topic);
    /// Adds a requested topic. A repeated one is not answered again, as in Kafka, so that a small
    /// request cannot have a huge answer.
    /// Rejects the request when there is no memory for the topic's partitions.
    void add_asked(const MetadataRequest::Topic& asked);
    void add_operations(const MetadataRequest& request);
    /// Topics and partitions so far.
    [[nodiscard]] std::size_t items() const { return items_; }
    [[nodiscard]] bool is_rejected() const { return exchange_.rejected(); }
    [[nodiscard]] const MetadataResponse& finish();

private:
    void add(const TopicImage& topic);
    /// Takes memory for the topic first.
    void add_counted(const TopicImage& topic);
    void add_by_id(const MetadataRequest::Topic& asked);
    void add_error(const MetadataRequest::Topic& asked, wire::ErrorCode error);
    /// The error of a partition whose leader the clients of the listener cannot reach.
    [[nodiscard]] wire::ErrorCode check_leader(const PartitionImage& partition) const;
    [[nodiscard]] MetadataResponse::Partition describe(const PartitionImage& partition);

    const MetadataImage& image_;
    Exchange& exchange_;
    const RequestContext& who_;
    const TopicCreator::Refusals& refusals_;
    std::set<std::string_view> asked_names_;
    std::set<TopicId> asked_ids_;
    std::vector<MetadataResponse::Broker> brokers_;
    std::vector<MetadataResponse::Topic> topics_;
    std::deque<std::vector<MetadataResponse::Partition>> partitions_;
    std::deque<std::vector<BrokerId>> offline_;
    std::size_t items_ = 0;
    MetadataResponse response_;
};

void MetadataAnswer::add_brokers() {
    for (const auto& [id, broker] : image_.brokers()) {
        if (const Endpoint* endpoint = live_endpoint_on(broker, *who_.listener)) {
            brokers_.push_back({.node_id = id,
                                .host = endpoint->host,
                                .port = endpoint->port,
                                .rack = rack_or_null(broker)});
        }
    }
    response_.controller_id = controller_for_clients(image_, *who_.listener);
}

wire::ErrorCode MetadataAnswer::check_leader(const PartitionImage& partition) const {
    const controller::BrokerImage* const leader = image_.find_live_broker(partition.leader);
    if (leader == nullptr) {
        return wire::ErrorCode::leader_not_available;
    }
    if (endpoint_on(leader->endpoints, *who_.listener) != nullptr) {
        return wire::ErrorCode::none;
    }
    return exchange_.version() < kListenerNotFoundFrom ? wire::ErrorCode::leader_not_available
                                                       : wire::ErrorCode::listener_not_found;
}

MetadataResponse::Partition MetadataAnswer::describe(const PartitionImage& partition) {
    std::vector<BrokerId>& offline = offline_.emplace_back();
    std::ranges::copy_if(partition.replicas, std::back_inserter(offline), [&](BrokerId id) {
        const controller::BrokerImage* const broker = image_.find_live_broker(id);
        return broker == nullptr || endpoint_on(broker->endpoints, *who_.listener) == nullptr ||
               !controller::has_online_replica(*broker, partition);
    });
    const wire::ErrorCode error = check_leader(partition);
    return {.error_code = error,
            .partition_index = partition.index,
            .leader_id = error == wire::ErrorCode::none ? partition.leader : kNoBroker,
            .leader_epoch = partition.leader_epoch,
            .replica_nodes = std::span<const BrokerId>(partition.replicas),
            .isr_nodes = std::span<const BrokerId>(partition.isr),
            .offline_replicas = std::span<const BrokerId>(offline)};
}

void MetadataAnswer::add(const TopicImage& topic) {
    items_ += 1 + topic.partitions.size();
    auto& partitions = partitions_.emplace_back();
    partitions.reserve(topic.partitions.size());
    for (const auto& [index, partition] : topic.partitions) {
        partitions.push_back(describe(partition));
    }
    topics_.push_back({.error_code = wire::ErrorCode::none,
                       .name = topic.name,
                       .topic_id = topic.id,
                       .is_internal = topic.internal,
                       .partitions = std::span<const MetadataResponse::Partition>(partitions)});
}

void MetadataAnswer::add_counted(const TopicImage& topic) {
    if (exchange_.take_work(1 + topic.partitions.size(), kBytesPerItem)) {
        add(topic);
    }
}

void MetadataAnswer::add_error(const MetadataRequest::Topic& asked, wire::ErrorCode error) {
    ++items_;
    topics_.push_back({.error_code = error, .name = asked.name, .topic_id = asked.topic_id});
}

void MetadataAnswer::add_allowed(const TopicImage& topic) {
    if (may_describe(who_, topic.name)) {
        add(topic);
    }
}

void MetadataAnswer::add_by_id(const MetadataRequest::Topic& asked) {
    const TopicImage* topic = image_.find_topic(asked.topic_id);
    if (topic == nullptr) {
        add_error(asked, wire::ErrorCode::unknown_topic_id);
    } else if (!may_describe(who_, topic->name)) {
        add_error(asked, wire::ErrorCode::topic_authorization_failed);
    } else {
        add_counted(*topic);
    }
}

void MetadataAnswer::add_asked(const MetadataRequest::Topic& asked) {
    const bool by_id = wire::is_null(asked.name);
    const bool is_new =
        by_id ? asked_ids_.insert(asked.topic_id).second : asked_names_.insert(asked.name).second;
    if (!is_new) {
        return;
    }
    if (by_id) {
        return add_by_id(asked);
    }
    if (!may_describe(who_, asked.name)) {
        return add_error(asked, wire::ErrorCode::topic_authorization_failed);
    }
    if (!controller::check_topic_name(asked.name)) {
        return add_error(asked, wire::ErrorCode::invalid_topic_exception);
    }
    if (const TopicImage* topic = image_.find_topic(asked.name)) {
        return add_counted(*topic);
    }
    const auto refusal = refusals_.find(asked.name);
    add_error(asked, refusal == refusals_.end() ? wire::ErrorCode::unknown_topic_or_partition
                                                : refusal->second);
}

void MetadataAnswer::add_operations(const MetadataRequest& request) {
    if (request.include_cluster_authorized_operations) {
        response_.cluster_authorized_operations = cluster_operations(who_);
    }
    if (request.include_topic_authorized_operations) {
        for (MetadataResponse::Topic& topic : topics_) {
            if (!wire::is_null(topic.name)) {
                topic.topic_authorized_operations = topic_operations(who_, topic.name);
            }
        }
    }
}

const MetadataResponse& MetadataAnswer::finish() {
    response_.cluster_id = image_.cluster_id();
    response_.brokers = std::span<const MetadataResponse::Broker>(brokers_);
    response_.topics = std::span<const MetadataResponse::Topic>(topics_);
    return response_;
}

bool can_be_created(std::string_view name) {
    return controller::check_topic_name(name) && !controller::is_internal_topic(name) &&
           name != controller::kMetadataTopic;
}

/// True for a request by topic id, or with a null name, in version 10 or 11. The schema allows both
/// there, but Kafka's brokers accept them only from version 12 on.
bool asks_by_id_too_early(const MetadataRequest& request, ApiVersion version) {
    constexpr ApiVersion kByIdFrom{12};
    return version < kByIdFrom && std::ranges::any_of(
                                      request.topics,
                                      [](const MetadataRequest::Topic& asked) {
                                          return wire::is_null(asked.name) ||
                                                 asked.topic_id != TopicId();
                                      });
}

/// Null asks for all topics; so does an empty list in version 0, which has no null.
bool asks_for_all(const MetadataRequest& request, ApiVersion version) {
    return request.topics.is_null() || (version == ApiVersion(0) && request.topics.empty());
}

/// Number of topics and partitions in the image.
Task<std::size_t> count_all(Shard& shard, const MetadataImage& image) {
    std::size_t items = 0;
    LongLoop loop;
    for (const auto& [name, topic] : image.topics()) {
        items += 1 + topic.partitions.size();
        if (loop.is_over()) {
            co_await let_others_run(shard);
        }
    }
    co_return items;
}

/// Takes memory for `items`. If other requests hold it, waits until they give it back, but not for
/// long. False when the request was rejected, or its client is gone.
Task<bool> take_memory(Shard& shard, const Clock& clock, Exchange& exchange, std::size_t items) {
    constexpr Duration kMaxWait = std::chrono::seconds(5);
    constexpr Duration kPause = std::chrono::milliseconds(10);
    const TimePoint deadline = clock.now() + kMaxWait;
    const std::size_t bytes = items * kBytesPerItem;
    Signal nobody;
    while (exchange.memory().can_work(bytes) && clock.now() < deadline) {
        if (exchange.memory().try_work(bytes)) {
            co_return true;
        }
        co_await shard.wait(nobody, clock.now() + kPause);
        if (!exchange.is_wanted()) {
            co_return false;
        }
    }
    co_return exchange.take_work(items, kBytesPerItem);
}

/// Calls `add` for each of `topics`, until the request is rejected. Others run meanwhile.
template <class Topics, class Add>
Task<> add_each(Shard& shard, const Topics& topics, MetadataAnswer& answer, Add add) {
    LongLoop loop;
    for (const auto& topic : topics) {
        const std::size_t before = answer.items();
        add(topic);
        if (answer.is_rejected()) {
            co_return;
        }
        if (loop.is_over(1 + answer.items() - before)) {
            co_await let_others_run(shard);
        }
    }
}

/// Refuses the whole request: each topic gets the error, and the answer has nothing else.
Task<> refuse(Shard& shard, ExchangePtr exchange, const MetadataRequest& request,
              wire::ErrorCode error) {
    std::vector<MetadataResponse::Topic> topics;
    topics.reserve(request.topics.size());
    LongLoop loop;
    for (const MetadataRequest::Topic& asked : request.topics) {
        const std::string_view name = wire::is_null(asked.name) ? "" : asked.name;
        topics.push_back({.error_code = error, .name = name, .topic_id = asked.topic_id});
        if (loop.is_over()) {
            co_await let_others_run(shard);
        }
    }
    MetadataResponse response;
    response.topics = topics;
    exchange->reply(response);
}

bool may_create(const RequestContext& who, std::string_view topic) {
    return may_describe(who, topic) && (who.allows(Operation::create, kCluster) ||
                                        who.allows(Operation::create, topic_resource(topic)));
}

}  // namespace

void MetadataHandler::add_missing(const RequestContext& who, const MetadataRequest::Topic& asked,
                                  Missing& missing) const {
    if (wire::is_null(asked.name) || services_.image->find_topic(asked.name) != nullptr ||
        !can_be_created(asked.name)) {
        return;
    }
    if (may_create(who, asked.name)) {
        missing.names.emplace(asked.name);
    } else {
        missing.refusals.emplace(asked.name, wire::ErrorCode::topic_authorization_failed);
    }
}

Task<> MetadataHandler::answer(ExchangePtr exchange, const MetadataRequest& request,
                               TopicCreator::Refusals refusals) const {
    const bool all = asks_for_all(request, exchange->version());
    if (all) {
        const auto counted = services_.image;
        const std::size_t items = co_await count_all(services_.shard, *counted);
        const bool taken = co_await take_memory(services_.shard, services_.clock, *exchange, items);
        if (!taken) {
            co_return;
        }
    }
    const auto image = services_.image;  // the shard may get a newer one meanwhile
    MetadataAnswer answer(*image, *exchange, refusals);
    answer.add_brokers();
    const auto add_allowed = [&answer](const auto& topic) { answer.add_allowed(topic.second); };
    const auto add_asked = [&answer](const MetadataRequest::Topic& asked) {
        answer.add_asked(asked);
    };
    if (all) {
        co_await add_each(services_.shard, image->topics(), answer, add_allowed);
    } else {
        co_await add_each(services_.shard, request.topics, answer, add_asked);
    }
    if (!exchange->rejected()) {
        answer.add_operations(request);
        exchange->reply(answer.finish());
    }
}

Task<> MetadataHandler::serve(ExchangePtr exchange, const MetadataRequest& request) {
    if (!exchange->take_work(request.topics.size(), kBytesPerTopic)) {
        co_return;
    }
    if (asks_by_id_too_early(request, exchange->version())) {
        co_await refuse(services_.shard, exchange, request, wire::ErrorCode::invalid_request);
        co_return;
    }
    Missing missing;
    LongLoop loop;
    const bool may_create = creator_ != nullptr && request.allow_auto_topic_creation;
    for (std::size_t next = 0; may_create && next < request.topics.size(); ++next) {
        add_missing(exchange->context(), request.topics[next], missing);
        if (loop.is_over()) {
            co_await let_others_run(services_.shard);
        }
    }
    if (missing.names.empty()) {
        co_await answer(std::move(exchange), request, std::move(missing.refusals));
        co_return;
    }
    // The request lives as long as the exchange.
    creator_->create(
        services_.shard, std::move(missing.names),
        [this, &request, refused = std::move(missing.refusals),
         exchange = std::move(exchange)](TopicCreator::Refusals refusals) mutable {
            refusals.merge(refused);
            services_.delayed.go_on(answer(std::move(exchange), request, std::move(refusals)));
        });
}

}  // namespace hw::broker
