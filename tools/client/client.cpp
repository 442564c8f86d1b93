#include "tools/client/client.h"

#include <algorithm>
#include <poll.h>
#include <utility>

#include <fmt/ranges.h>

#include "config/most_similar_name.h"
#include "protocol/schema/api/metadata.h"
#include "tools/client/words.h"

namespace hw::client {
namespace {

bool is_lost(const Error& error) {
    return error.kind == ErrorKind::closed || error.kind == ErrorKind::not_sent;
}

PartitionView view_of(const schema::MetadataResponse::Partition& partition) {
    const auto ids = [](const wire::Array<BrokerId>& array) {
        return std::vector<BrokerId>(array.begin(), array.end());
    };
    return {.index = partition.partition_index,
            .leader = partition.leader_id,
            .leader_epoch = partition.leader_epoch,
            .replicas = ids(partition.replica_nodes),
            .in_sync = ids(partition.isr_nodes),
            .offline = ids(partition.offline_replicas)};
}

TopicView view_of(const schema::MetadataResponse::Topic& topic) {
    TopicView view{.name = std::string(topic.name),
                   .id = topic.topic_id,
                   .internal = topic.is_internal,
                   .partitions = {},
                   .error = {}};
    if (topic.error_code != wire::ErrorCode::none) {
        view.error = error_of(topic.error_code, fmt::format("topic '{}'", topic.name));
    }
    for (const auto& partition : topic.partitions) {
        view.partitions.push_back(view_of(partition));
    }
    std::ranges::sort(view.partitions, {}, &PartitionView::index);
    return view;
}

Result<BrokerConnection> open_to_broker(const config::Address& server, const Deadline& deadline,
                                        int stop_descriptor) {
    auto connection = BrokerConnection::open(server, deadline, stop_descriptor);
    if (connection && !connection->serves(schema::ApiKey::metadata)) {
        return fail(ErrorKind::invalid, "{} is a controller's listener, which serves no clients",
                    config::to_string(server));
    }
    return connection;
}

}  // namespace

Error unknown_partition(const TopicView& topic, std::string_view wanted) {
    const std::size_t count = topic.partitions.size();
    const std::string known = count == 1 ? "only 0" : fmt::format("0 to {}", count - 1);
    return {ErrorKind::not_found,
            fmt::format("topic '{}' has no partition {}; it has {}", topic.name, wanted, known)};
}

Error leader_failure(const std::string& topic, PartitionIndex partition, BrokerId leader,
                     const Error& reason) {
    const std::string name = fmt::format("partition {}-{}", topic, partition);
    if (leader == kNoBroker || reason.kind == ErrorKind::busy) {
        return {reason.kind, fmt::format("{} has no leader now", name)};
    }
    const bool is_silent = is_lost(reason) || reason.kind == ErrorKind::timed_out;
    return {reason.kind,
            fmt::format("{} is led by broker {}, which {}: {}", name, leader,
                        is_silent ? "does not answer" : "cannot be used", reason.message)};
}

Result<BrokerConnection> Client::connect_any(const ClientOptions& options,
                                             const Deadline& deadline) {
    Error failure{ErrorKind::invalid, ""};
    auto servers_left = static_cast<std::int64_t>(options.servers.size());
    for (const config::Address& server : options.servers) {
        const Deadline share = deadline.within(deadline.left() / servers_left--);
        auto connection = open_to_broker(server, share, options.stop_descriptor);
        if (connection) {
            return connection;
        }
        const auto& [kind, message] = connection.error();
        const std::string_view separator = failure.message.empty() ? "" : "; ";
        failure = {kind, fmt::format("{}{}{}", failure.message, separator, message)};
    }
    return std::unexpected(failure);
}

Result<Client> Client::connect(const ClientOptions& options) {
    HW_TRY(bootstrap, connect_any(options, Deadline(options.timeout, kTimeoutOption)));
    return Client(options, std::move(bootstrap));
}

Result<Client> Client::unstoppable(Milliseconds timeout) const {
    return connect({.servers = options_.servers, .timeout = timeout});
}

bool Client::may_succeed_later(const Error& error, Retry retry) const {
    pollfd stop{options_.stop_descriptor, POLLIN, 0};
    const bool is_stopped = poll(&stop, 1, 0) > 0;
    if (is_stopped) {
        return false;
    }
    return error.kind == ErrorKind::busy || error.kind == ErrorKind::not_sent ||
           (retry == Retry::any && is_lost(error));
}

std::string Client::given_up() const {
    return fmt::format("; given up after {}", whole_timeout().text());
}

bool Client::may_be_temporary(const Error& error) {
    return error.kind == ErrorKind::busy || is_lost(error);
}

void Client::start_over(const Error& error, const Deadline& deadline) {
    topics_.clear();
    if (!is_lost(error)) {
        return;
    }
    connections_.clear();
    // If no broker answers, the old connection stays and the next attempt fails on it.
    if (auto connection = connect_any(options_, deadline)) {
        bootstrap_ = std::move(*connection);
    }
}

Result<ClusterView> Client::request_view(std::optional<std::span<const std::string>> names,
                                         const Deadline& deadline) {
    std::vector<schema::MetadataRequest::Topic> topics;
    for (const std::string& name : names.value_or(std::span<const std::string>())) {
        topics.push_back({.topic_id = {}, .name = name});
    }
    using Topics = wire::Array<schema::MetadataRequest::Topic>;
    const schema::MetadataRequest request{.topics = names ? Topics(topics) : Topics::null(),
                                          .allow_auto_topic_creation = false};
    HW_TRY(answer, bootstrap_.call<schema::MetadataResponse>(request, deadline));
    ClusterView view;
    for (const auto& broker : answer->brokers) {
        view.brokers[broker.node_id] = {std::string(broker.host),
                                        static_cast<std::uint16_t>(broker.port)};
    }
    brokers_ = view.brokers;
    for (const auto& topic : answer->topics) {
        view.topics.push_back(view_of(topic));
    }
    std::ranges::sort(view.topics, {}, &TopicView::name);
    return view;
}

Result<ClusterView> Client::describe(std::span<const std::string> names, const Deadline& deadline) {
    auto view = request_view(names, deadline);
    if (!view) {
        return view;
    }
    for (TopicView& topic : view->topics) {
        if (topic.error && topic.error->kind == ErrorKind::not_found) {
            topic.error = unknown_topic(topic.name, deadline);
        }
    }
    return view;
}

Error Client::unknown_topic(const std::string& name, const Deadline& deadline) {
    std::vector<std::string_view> names;
    const auto all = request_view(std::nullopt, deadline);
    if (all) {
        std::ranges::transform(all->topics, std::back_inserter(names), &TopicView::name);
    }
    const auto nearest = config::most_similar_name(names, name);
    const std::string hint = nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "";
    return {ErrorKind::not_found,
            fmt::format("topic '{}' does not exist{}; 'hw topic list' shows those that do", name,
                        hint)};
}

Result<TopicView> Client::topic(const std::string& name, const Deadline& deadline) {
    if (const auto known = topics_.find(name); known != topics_.end()) {
        return known->second;
    }
    HW_TRY(view, describe({&name, 1}, deadline));
    if (view.topics.size() != 1) {
        return fail(ErrorKind::corrupt, "{}: asked for topic '{}', the broker described {} topics",
                    config::to_string(bootstrap_.address()), name, view.topics.size());
    }
    TopicView& topic = view.topics.front();
    if (topic.error) {
        return std::unexpected(*topic.error);
    }
    if (topic.partitions.empty()) {
        return fail(ErrorKind::busy, "topic '{}' has no partitions yet", name);
    }
    return topics_[name] = std::move(topic);
}

Result<TopicView> Client::topic(const std::string& name) {
    return retried(Retry::any, [&](const Deadline& deadline) { return topic(name, deadline); });
}

Result<BrokerConnection*> Client::leader(const std::string& name, PartitionIndex partition,
                                         const Deadline& deadline) {
    const auto known_failure = leader_failures_.find({name, partition});
    const auto topic = this->topic(name, deadline);
    if (!topic) {
        const bool is_answered =
            !is_lost(topic.error()) && topic.error().kind != ErrorKind::timed_out;
        return std::unexpected(is_answered || known_failure == leader_failures_.end()
                                   ? topic.error()
                                   : known_failure->second);
    }
    const auto found = std::ranges::find(topic->partitions, partition, &PartitionView::index);
    if (found == topic->partitions.end()) {
        return std::unexpected(unknown_partition(*topic, fmt::format("{}", partition)));
    }
    auto connection = broker(found->leader, deadline);
    if (connection) {
        leader_failures_.erase({name, partition});
        return connection;
    }
    Error failure = leader_failure(name, partition, found->leader, connection.error());
    if (failure.kind == ErrorKind::busy) {
        failure.message += fmt::format("; its replicas are on {}", fmt::join(found->replicas, ","));
    }
    leader_failures_.insert_or_assign({name, partition}, failure);
    return std::unexpected(std::move(failure));
}

Result<BrokerConnection*> Client::broker(BrokerId id, const Deadline& deadline) {
    const auto address = brokers_.find(id);
    if (address == brokers_.end()) {
        return fail(ErrorKind::busy, "broker {} is not alive", id);
    }
    if (const auto open = connections_.find(id); open != connections_.end()) {
        return &open->second;
    }
    HW_TRY(connection, BrokerConnection::open(address->second, deadline, options_.stop_descriptor));
    return &connections_.emplace(id, std::move(connection)).first->second;
}

}  // namespace hw::client
