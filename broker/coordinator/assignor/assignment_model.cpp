#include "broker/coordinator/assignor/assignment_model.h"

#include <algorithm>
#include <map>
#include <utility>

namespace hw::broker {
namespace {

using Numbers = std::vector<std::uint32_t>;

/// Numbers different values in the order in which they are first seen.
template <class Value>
class Numbering {
public:
    /// The number of `value`, and whether it is new.
    std::pair<std::uint32_t, bool> number_of(const Value& value) {
        const auto next = static_cast<std::uint32_t>(numbers_.size());
        const auto [entry, is_new] = numbers_.try_emplace(value, next);
        return {entry->second, is_new};
    }

private:
    std::map<Value, std::uint32_t> numbers_;
};

bool racks_matter(const AssignorInput& input) {
    return std::ranges::any_of(input.topics,
                               [](const AssignorTopic& topic) { return !topic.racks.empty(); }) &&
           std::ranges::any_of(
               input.members, [](const AssignorMember& member) { return member.rack.has_value(); });
}

/// Fills in the classes of members. Gives back the classes that subscribe to each topic.
std::vector<Numbers> classify_members(const AssignorInput& input, AssignmentModel& model) {
    static const Numbers kNoTopics;
    std::vector<Numbers> subscribers(input.topics.size());
    // Comparing the topics of each member would cost most of the time, if they share them.
    Numbering<const Numbers*> shared;
    Numbers subscription_of_shared;
    Numbering<Numbers> subscriptions;
    Numbering<std::pair<std::uint32_t, std::optional<std::uint16_t>>> classes;
    for (std::uint32_t number = 0; number < input.members.size(); ++number) {
        const AssignorMember& member = input.members[number];
        const Numbers& topics = member.topics ? *member.topics : kNoTopics;
        const auto [known, is_new] = shared.number_of(&topics);
        if (is_new) {
            subscription_of_shared.push_back(subscriptions.number_of(topics).first);
        }
        const auto rack = model.has_racks ? member.rack : std::nullopt;
        const auto [number_of_class, is_new_class] =
            classes.number_of({subscription_of_shared[known], rack});
        if (is_new_class) {
            model.member_classes.push_back({.members = {}, .rack = rack});
            for (const std::uint32_t topic : topics) {
                subscribers[topic].push_back(number_of_class);
            }
        }
        model.member_classes[number_of_class].members.push_back(number);
        model.class_of_member.push_back(number_of_class);
    }
    return subscribers;
}

std::vector<std::uint16_t> racks_of(const AssignorTopic& topic, std::size_t partition) {
    std::vector<std::uint16_t> racks;
    if (partition < topic.racks.size()) {
        racks = topic.racks[partition];
        std::ranges::sort(racks);
        racks.erase(std::ranges::unique(racks).begin(), racks.end());
    }
    return racks;
}

bool can_be_near(const AssignmentModel& model, std::uint32_t partition_class) {
    const auto& audience = model.audiences[model.partition_classes[partition_class].audience];
    return std::ranges::any_of(audience, [&](std::uint32_t member_class) {
        return model.is_near(member_class, partition_class);
    });
}

}  // namespace

bool AssignmentModel::may_own(std::uint32_t member_class, std::uint32_t partition_class) const {
    return std::ranges::binary_search(audiences[partition_classes[partition_class].audience],
                                      member_class);
}

bool AssignmentModel::is_near(std::uint32_t member_class, std::uint32_t partition_class) const {
    const auto& rack = member_classes[member_class].rack;
    const auto& racks = partition_classes[partition_class].racks;
    return rack && std::ranges::find(racks, *rack) != racks.end();
}

AssignmentModel make_assignment_model(const AssignorInput& input) {
    AssignmentModel model{.member_classes = {},
                          .partition_classes = {},
                          .audiences = {},
                          .class_of_member = {},
                          .class_of_partition = {},
                          .first_partitions = {0},
                          .has_racks = racks_matter(input)};
    const auto subscribers = classify_members(input, model);
    Numbering<Numbers> audiences;
    Numbering<std::pair<std::uint32_t, std::vector<std::uint16_t>>> classes;
    for (std::size_t index = 0; index < input.topics.size(); ++index) {
        const AssignorTopic& topic = input.topics[index];
        const auto [audience, is_new_audience] = audiences.number_of(subscribers[index]);
        if (is_new_audience) {
            model.audiences.push_back(subscribers[index]);
        }
        for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
            auto racks = model.has_racks ? racks_of(topic, static_cast<std::size_t>(partition))
                                         : std::vector<std::uint16_t>();
            const auto [number, is_new] = classes.number_of({audience, racks});
            if (is_new) {
                model.partition_classes.push_back(
                    {.audience = audience, .racks = std::move(racks)});
                model.partition_classes.back().can_be_near = can_be_near(model, number);
            }
            model.class_of_partition.push_back(number);
        }
        model.first_partitions.push_back(
            static_cast<std::uint32_t>(model.class_of_partition.size()));
    }
    return model;
}

}  // namespace hw::broker
