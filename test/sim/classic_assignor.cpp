#include "test/sim/classic_assignor.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/schema/consumer_protocol.h"

namespace hw::sim {
namespace {

constexpr std::size_t kArena = std::size_t{1} << 16;

/// Partitions by topic, in the form of a message. Owns the lists that the result points to.
template <class Topic>
class WrittenTopics {
public:
    WrittenTopics(const Partitions& partitions, const TeamTopics& topics) {
        for (const std::string& name : topics.names()) {
            indexes_.push_back(topics.of_topic(name, partitions));
            if (!indexes_.back().empty()) {
                topics_.push_back({.topic = name, .partitions = indexes_.back()});
            }
        }
    }
    [[nodiscard]] const std::vector<Topic>& topics() const { return topics_; }

private:
    std::vector<std::vector<PartitionIndex>> indexes_;
    std::vector<Topic> topics_;
};

template <class Topic>
std::optional<Partitions> numbers_of(wire::Array<Topic> named, const TeamTopics& topics) {
    Partitions numbers;
    for (const Topic& topic : named) {
        for (const PartitionIndex index : topic.partitions) {
            const auto number = topics.find(topic.topic, index);
            if (!number) {
                return std::nullopt;
            }
            numbers.insert(*number);
        }
    }
    return numbers;
}

}  // namespace

Buffer encode_subscription(const Subscription& subscription, const TeamTopics& topics) {
    using Message = schema::ConsumerProtocolSubscription;
    const std::vector<std::string_view> names(topics.names().begin(), topics.names().end());
    const WrittenTopics<Message::TopicPartition> owned(subscription.owned, topics);
    Message message;
    message.topics = names;
    message.user_data = as_bytes(subscription.user_data);
    message.owned_partitions = owned.topics();
    message.generation_id = subscription.generation;
    auto bytes = schema::encode_subscription(message, subscription.version);
    HW_ASSERT(bytes.has_value());
    return std::move(*bytes);
}

Buffer encode_assignment(const Partitions& partitions, const TeamTopics& topics) {
    using Message = schema::ConsumerProtocolAssignment;
    const WrittenTopics<Message::TopicPartition> assigned(partitions, topics);
    Message message;
    message.assigned_partitions = assigned.topics();
    auto bytes = schema::encode_assignment(message, ApiVersion(1));
    HW_ASSERT(bytes.has_value());
    return std::move(*bytes);
}

std::optional<Partitions> decode_owned(ByteView subscription, const TeamTopics& topics) {
    Arena arena(kArena);
    const auto decoded = schema::decode_subscription(subscription, arena);
    return decoded ? numbers_of(decoded->subscription.owned_partitions, topics) : std::nullopt;
}

std::optional<Partitions> decode_assignment(ByteView bytes, const TeamTopics& topics) {
    if (bytes.empty()) {
        return Partitions();
    }
    Arena arena(kArena);
    const auto decoded = schema::decode_assignment(bytes, arena);
    return decoded ? numbers_of(decoded->assignment.assigned_partitions, topics) : std::nullopt;
}

std::map<std::string, Partitions> assign_partitions(const std::map<std::string, Partitions>& owned,
                                                    const Partitions& partitions) {
    std::map<std::string, Partitions> assigned = owned;
    for (auto& [member, part] : assigned) {
        part.clear();
    }
    auto next = assigned.begin();
    for (const std::int32_t partition : partitions) {
        const bool is_held = std::ranges::any_of(owned, [&](const auto& member) {
            return member.first != next->first && member.second.contains(partition);
        });
        if (!is_held) {
            next->second.insert(partition);
        }
        next = std::next(next) == assigned.end() ? assigned.begin() : std::next(next);
    }
    return assigned;
}

}  // namespace hw::sim
