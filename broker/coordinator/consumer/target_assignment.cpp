#include "broker/coordinator/consumer/target_assignment.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

using controller::MetadataImage;
using controller::TopicImage;

/// Numbers the racks of a cluster.
class Racks {
public:
    std::uint16_t number(std::string_view rack) {
        const auto found = numbers_.find(rack);
        if (found != numbers_.end()) {
            return found->second;
        }
        const auto number = static_cast<std::uint16_t>(numbers_.size());
        numbers_.emplace(rack, number);
        return number;
    }

private:
    std::map<std::string, std::uint16_t, std::less<>> numbers_;
};

AssignorTopic described(const TopicImage& topic, const MetadataImage& image, Racks* racks) {
    AssignorTopic description;
    description.id = topic.id;
    description.partitions = static_cast<std::int32_t>(topic.partitions.size());
    if (racks == nullptr) {
        return description;
    }
    bool has_racks = false;
    for (const auto& [index, partition] : topic.partitions) {
        auto& numbers = description.racks.emplace_back();
        for (const BrokerId id : partition.replicas) {
            const controller::BrokerImage* const broker = image.find_broker(id);
            if (broker != nullptr && !broker->rack.empty()) {
                numbers.push_back(racks->number(broker->rack));
                has_racks = true;
            }
        }
    }
    if (!has_racks) {
        description.racks.clear();
    }
    return description;
}

std::vector<std::string_view> names_of(const MemberToAssign& member) {
    std::vector<std::string_view> names(member.description->topics.begin(),
                                        member.description->topics.end());
    if (member.more_topics != nullptr) {
        names.insert(names.end(), member.more_topics->begin(), member.more_topics->end());
    }
    return names;
}

/// The topics of members, as indexes into those of the question.
class TopicIndexes {
public:
    using Indexes = std::shared_ptr<const std::vector<std::uint32_t>>;

    explicit TopicIndexes(std::map<std::string_view, std::uint32_t> of) : of_(std::move(of)) {}

    /// Members with the same topics share one list.
    Indexes of(const MemberToAssign& member) {
        std::vector<std::uint32_t> indexes;
        for (const std::string_view name : names_of(member)) {
            if (const auto found = of_.find(name); found != of_.end()) {
                indexes.push_back(found->second);
            }
        }
        std::ranges::sort(indexes);
        const auto doubles = std::ranges::unique(indexes);
        indexes.erase(doubles.begin(), doubles.end());
        Indexes& shared = shared_[indexes];
        if (shared == nullptr) {
            shared = std::make_shared<const std::vector<std::uint32_t>>(indexes);
        }
        return shared;
    }

private:
    std::map<std::string_view, std::uint32_t> of_;
    std::map<std::vector<std::uint32_t>, Indexes> shared_;
};

/// The topics that any of the members consumes, ascending by id.
std::vector<const TopicImage*> topics_of(const std::vector<MemberToAssign>& members,
                                         const MetadataImage& image) {
    std::set<std::string_view> names;
    for (const MemberToAssign& member : members) {
        const auto more = names_of(member);
        names.insert(more.begin(), more.end());
    }
    std::vector<const TopicImage*> topics;
    for (const std::string_view name : names) {
        if (const TopicImage* const topic = image.find_topic(name)) {
            topics.push_back(topic);
        }
    }
    std::ranges::sort(topics, {}, &TopicImage::id);
    return topics;
}

}  // namespace

AssignorInput assignor_input(const std::vector<MemberToAssign>& members,
                             const MetadataImage& image) {
    Racks racks;
    const bool has_racks = std::ranges::any_of(
        members, [](const MemberToAssign& member) { return member.description->rack.has_value(); });
    AssignorInput input;
    std::map<std::string_view, std::uint32_t> indexes;
    for (const TopicImage* const topic : topics_of(members, image)) {
        indexes.emplace(topic->name, static_cast<std::uint32_t>(input.topics.size()));
        input.topics.push_back(described(*topic, image, has_racks ? &racks : nullptr));
    }
    TopicIndexes topics(std::move(indexes));
    input.members.reserve(members.size());
    for (const MemberToAssign& member : members) {
        AssignorMember& added = input.members.emplace_back();
        added.id = member.id;
        added.instance = member.description->instance;
        if (member.description->rack) {
            added.rack = racks.number(*member.description->rack);
        }
        added.topics = topics.of(member);
        added.current = *member.target;
    }
    return input;
}

ComputedTargets compute(TargetQuestion question) {
    const Assignor assignor = find_assignor(question.assignor);
    HW_ASSERT(assignor != nullptr);
    std::vector<Assignment> targets = assignor(question.input);
    ComputedTargets computed{
        .epoch = question.epoch, .ticket = std::move(question.ticket), .members = {}};
    computed.members.reserve(targets.size());
    for (std::size_t i = 0; i < targets.size(); ++i) {
        computed.members.push_back(
            {std::move(question.input.members[i].id), std::move(targets[i])});
    }
    return computed;
}

}  // namespace hw::broker
