#include "broker/coordinator/group/log_ends.h"

#include <algorithm>

#include "broker/metadata/peer_endpoint.h"
#include "protocol/schema/api/list_offsets.h"

namespace hw::broker {
namespace {

using Request = schema::ListOffsetsRequest;

constexpr ApiVersion kVersion{10};
constexpr Timestamp kEnd{-1};

/// The leader of a partition; kNoBroker if there is none.
BrokerId leader_of(const controller::MetadataImage& image, const LogEnds::Partition& partition) {
    const controller::TopicImage* const topic = image.find_topic(partition.first);
    const auto* const found = topic == nullptr ? nullptr : topic->partitions.find(partition.second);
    return found == nullptr ? kNoBroker : found->leader;
}

/// The partitions by topic; the names live as long as `partitions`.
std::map<std::string_view, std::vector<Request::Partition>> by_topic(
    const std::vector<LogEnds::Partition>& partitions) {
    std::map<std::string_view, std::vector<Request::Partition>> topics;
    for (const auto& [topic, index] : partitions) {
        topics[topic].push_back({.partition_index = index, .timestamp = kEnd});
    }
    return topics;
}

}  // namespace

Task<LogEnds::Ends> LogEnds::ask(Image image, std::set<Partition> partitions) {
    std::map<BrokerId, std::vector<Partition>> by_leader;
    for (const Partition& partition : partitions) {
        if (const BrokerId leader = leader_of(*image, partition); leader != kNoBroker) {
            by_leader[leader].push_back(partition);
        }
    }
    Ends ends;
    for (auto& [leader, led] : by_leader) {
        if (!stopping_) {
            co_await ask_leader(image, leader, std::move(led), ends);
        }
    }
    co_return ends;
}

Task<> LogEnds::ask_leader(Image image, BrokerId leader, std::vector<Partition> partitions,
                           Ends& ends) {
    auto connect = [this, image, leader](TimePoint deadline) {
        return this->connect(image, leader, deadline);
    };
    PeerChannel channel(ports_.shard, ports_.clock, "offsets", std::move(connect));
    channel_ = &channel;
    const auto named = by_topic(partitions);
    std::vector<Request::Topic> topics;
    for (const auto& [topic, indexes] : named) {
        topics.push_back({.name = topic, .partitions = indexes});
    }
    Request request;
    request.replica_id = kNoBroker;
    request.topics = topics;
    const auto answer = co_await replication::call<schema::ListOffsetsResponse>(
        channel, request, kVersion, ports_.clock.now() + kLimit);
    channel_ = nullptr;
    co_await channel.stop();
    if (!answer) {
        co_return;
    }
    for (const auto& topic : (*answer)->topics) {
        for (const auto& partition : topic.partitions) {
            if (partition.error_code == wire::ErrorCode::none) {
                ends[{std::string(topic.name), partition.partition_index}] = partition.offset;
            }
        }
    }
}

Task<Result<std::unique_ptr<Transport>>> LogEnds::connect(Image image, BrokerId leader,
                                                          TimePoint deadline) {
    auto endpoint = broker_endpoint(*image, leader, ports_.listener);
    if (!endpoint) {
        co_return std::unexpected(endpoint.error());
    }
    const TimePoint limit = std::min(deadline, ports_.clock.now() + kConnectLimit);
    auto connected = co_await ports_.network.connect(ports_.shard, std::move(*endpoint), limit);
    co_return connected;
}

void LogEnds::stop() {
    stopping_ = true;
    if (channel_ != nullptr) {
        channel_->disconnect();
    }
}

}  // namespace hw::broker
