#include "broker/coordinator/consumer/classic_subscription.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "protocol/base/arena.h"
#include "protocol/base/assert.h"
#include "protocol/schema/consumer_protocol.h"

namespace hw::broker {
namespace {

using controller::MetadataImage;
using controller::TopicImage;

/// A message takes at most this many times its bytes when it is decoded.
constexpr std::size_t kMemoryFactor = 32;
constexpr std::size_t kSlack = 4096;

Arena arena_for(std::string_view bytes) {
    return Arena(kSlack + kMemoryFactor * bytes.size());
}

/// The partitions of the message that exist.
template <class Topic>
Assignment assignment_of(wire::Array<Topic> topics, const MetadataImage& image) {
    Assignment named;  // in the order of the message
    for (const Topic& topic : topics) {
        const TopicImage* const known = image.find_topic(topic.topic);
        if (known == nullptr) {
            continue;
        }
        std::vector<PartitionIndex> partitions;
        std::ranges::copy_if(
            topic.partitions, std::back_inserter(partitions),
            [&](PartitionIndex index) { return known->partitions.find(index) != nullptr; });
        std::ranges::sort(partitions);
        const auto doubles = std::ranges::unique(partitions);
        partitions.erase(doubles.begin(), doubles.end());
        if (!partitions.empty()) {
            named.push_back({known->id, std::move(partitions)});
        }
    }
    std::ranges::sort(named, {}, &AssignedTopic::topic);
    Assignment assignment;
    for (AssignedTopic& topic : named) {
        if (!assignment.empty() && assignment.back().topic == topic.topic) {
            assignment.back() = united({std::move(assignment.back())}, {std::move(topic)}).front();
        } else {
            assignment.push_back(std::move(topic));
        }
    }
    return assignment;
}

}  // namespace

std::optional<ClassicSubscription> read_subscription(std::string_view bytes,
                                                     const MetadataImage& image) {
    Arena arena = arena_for(bytes);
    const auto decoded = schema::decode_subscription(as_bytes(bytes), arena);
    if (!decoded) {
        return std::nullopt;
    }
    const auto& told = decoded->subscription;
    ClassicSubscription subscription{
        .version = decoded->version,
        .topics = {told.topics.begin(), told.topics.end()},
        .rack = {},
        .owned = assignment_of(told.owned_partitions, image),
        .owns_partitions = std::ranges::any_of(
            told.owned_partitions, [](const auto& topic) { return !topic.partitions.empty(); })};
    std::ranges::sort(subscription.topics);
    const auto doubles = std::ranges::unique(subscription.topics);
    subscription.topics.erase(doubles.begin(), doubles.end());
    if (!wire::is_null(told.rack_id)) {
        subscription.rack = std::string(told.rack_id);
    }
    return subscription;
}

std::optional<Assignment> read_classic_assignment(std::string_view bytes,
                                                  const MetadataImage& image) {
    if (bytes.empty()) {
        return Assignment();
    }
    Arena arena = arena_for(bytes);
    const auto decoded = schema::decode_assignment(as_bytes(bytes), arena);
    if (!decoded) {
        return std::nullopt;
    }
    return assignment_of(decoded->assignment.assigned_partitions, image);
}

std::string write_classic_assignment(const Assignment& assignment, std::string_view subscription,
                                     const MetadataImage& image) {
    Arena arena = arena_for(subscription);
    const auto member = schema::decode_subscription(as_bytes(subscription), arena);
    const ApiVersion version = member ? member->version : ApiVersion(0);
    std::vector<schema::ConsumerProtocolAssignment::TopicPartition> topics;
    for (const AssignedTopic& topic : assignment) {
        if (const TopicImage* const known = image.find_topic(topic.topic)) {
            topics.push_back({.topic = known->name, .partitions = topic.partitions});
        }
    }
    const auto bytes =
        schema::encode_assignment({.assigned_partitions = topics, .user_data = {}}, version);
    // Names of topics are short, and no topic has more partitions than a message may.
    HW_ASSERT(bytes.has_value());
    return std::string(as_text(bytes->view()));
}

}  // namespace hw::broker
