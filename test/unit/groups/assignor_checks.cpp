#include "test/unit/groups/assignor_checks.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

namespace hw::broker {
namespace {

using Partition = std::pair<TopicId, PartitionIndex>;

bool subscribes(const AssignorInput& input, std::size_t member, TopicId topic) {
    const auto& topics = *input.members[member].topics;
    return std::ranges::any_of(
        topics, [&](std::uint32_t index) { return input.topics[index].id == topic; });
}

std::vector<Partition> subscribed_partitions(const AssignorInput& input) {
    std::vector<Partition> result;
    for (const AssignorTopic& topic : input.topics) {
        bool has_subscriber = false;
        for (std::size_t member = 0; member < input.members.size(); ++member) {
            has_subscriber = has_subscriber || subscribes(input, member, topic.id);
        }
        for (std::int32_t index = 0; has_subscriber && index < topic.partitions; ++index) {
            result.emplace_back(topic.id, PartitionIndex(index));
        }
    }
    return result;
}

bool is_near(const AssignorInput& input, const Partition& partition, std::size_t member) {
    const auto topic = std::ranges::find(input.topics, partition.first, &AssignorTopic::id);
    const auto index = static_cast<std::size_t>(partition.second.value());
    const auto& rack = input.members[member].rack;
    return rack && index < topic->racks.size() &&
           std::ranges::find(topic->racks[index], *rack) != topic->racks[index].end();
}

void put(std::vector<Assignment>& assignments, std::size_t member, const Partition& partition) {
    Assignment& assignment = assignments[member];
    if (assignment.empty() || assignment.back().topic != partition.first) {
        assignment.push_back({partition.first, {}});
    }
    assignment.back().partitions.push_back(partition.second);
}

/// By partition: the number of its owner.
using Owners = std::vector<std::size_t>;

bool is_allowed(const AssignorInput& input, const std::vector<Partition>& partitions,
                const Owners& owners) {
    for (std::size_t at = 0; at < owners.size(); ++at) {
        if (!subscribes(input, owners[at], partitions[at].first)) {
            return false;
        }
    }
    return true;
}

std::vector<Assignment> assignments_of(const AssignorInput& input,
                                       const std::vector<Partition>& partitions,
                                       const Owners& owners) {
    std::vector<Assignment> assignments(input.members.size());
    for (std::size_t at = 0; at < owners.size(); ++at) {
        put(assignments, owners[at], partitions[at]);
    }
    return assignments;
}

auto rank(const Score& score) {
    return std::tuple(score.sum_of_squares, -static_cast<std::int64_t>(score.near), score.moved);
}

}  // namespace

TopicId topic_id(std::uint64_t number) {
    return TopicId(Uuid{7, number});
}

Subscription subscribe(std::vector<std::uint32_t> topics) {
    return std::make_shared<const std::vector<std::uint32_t>>(std::move(topics));
}

std::string member_id(std::size_t number) {
    return fmt::format("m{:03}", number);
}

AssignedTopic partitions_of(std::uint64_t topic, std::vector<std::int32_t> partitions) {
    AssignedTopic result{topic_id(topic), {}};
    for (const std::int32_t partition : partitions) {
        result.partitions.emplace_back(partition);
    }
    return result;
}

AssignorInput random_input(const InputShape& shape, Random& random) {
    AssignorInput input;
    const std::int64_t topics = random.between(1, shape.topics);
    for (std::int64_t number = 0; number < topics; ++number) {
        AssignorTopic topic{
            .id = topic_id(static_cast<std::uint64_t>(number)),
            .partitions = static_cast<std::int32_t>(random.between(0, shape.partitions)),
            .racks = {}};
        for (std::int32_t at = 0; shape.racks > 0 && at < topic.partitions; ++at) {
            auto& racks = topic.racks.emplace_back();
            for (std::int64_t replica = random.between(0, 2); replica > 0; --replica) {
                racks.push_back(static_cast<std::uint16_t>(random.between(1, shape.racks)));
            }
        }
        input.topics.push_back(std::move(topic));
    }
    const auto some_topics = [&] {
        std::vector<std::uint32_t> some;
        for (std::uint32_t index = 0; index < input.topics.size(); ++index) {
            if (random.chance(2, 3)) {
                some.push_back(index);
            }
        }
        return subscribe(std::move(some));
    };
    const Subscription shared = some_topics();
    const std::int64_t members = random.between(1, shape.members);
    for (std::size_t number = 0; number < static_cast<std::size_t>(members); ++number) {
        AssignorMember member{.id = member_id(number),
                              .instance = {},
                              .rack = {},
                              .topics = shape.equal_subscriptions ? shared : some_topics(),
                              .current = {}};
        if (shape.racks > 0 && random.chance(7, 8)) {
            member.rack = static_cast<std::uint16_t>(random.between(1, shape.racks));
        }
        input.members.push_back(std::move(member));
    }
    return input;
}

void give_random_current(AssignorInput& input, Random& random) {
    std::vector<Assignment> current(input.members.size());
    // A few members have most, so that there is something to balance.
    const std::uint64_t owners = 1 + random.below(input.members.size());
    for (const Partition& partition : subscribed_partitions(input)) {
        const auto member = static_cast<std::size_t>(random.below(owners));
        if (random.chance(3, 4) && subscribes(input, member, partition.first)) {
            put(current, member, partition);
        }
    }
    set_current(input, current);
}

void set_current(AssignorInput& input, const std::vector<Assignment>& assignments) {
    for (std::size_t member = 0; member < assignments.size(); ++member) {
        input.members[member].current = assignments[member];
    }
}

std::string fault_in(const AssignorInput& input, const std::vector<Assignment>& assignments) {
    if (assignments.size() != input.members.size()) {
        return fmt::format("{} assignments", assignments.size());
    }
    std::vector<Partition> assigned;
    for (std::size_t member = 0; member < assignments.size(); ++member) {
        std::vector<Partition> mine;
        for (const AssignedTopic& topic : assignments[member]) {
            if (!subscribes(input, member, topic.topic)) {
                return fmt::format("member {} does not subscribe to {}", member, topic.topic);
            }
            if (topic.partitions.empty()) {
                return fmt::format("member {} has no partition of {}", member, topic.topic);
            }
            for (const PartitionIndex partition : topic.partitions) {
                mine.emplace_back(topic.topic, partition);
            }
        }
        if (!std::ranges::is_sorted(mine)) {
            return fmt::format("the partitions of member {} are not sorted", member);
        }
        assigned.insert(assigned.end(), mine.begin(), mine.end());
    }
    std::ranges::sort(assigned);
    return assigned == subscribed_partitions(input) ? "" : "not each partition exactly once";
}

bool is_level(const AssignorInput& input, const std::vector<Assignment>& assignments) {
    const std::size_t count = assignments.size();
    std::vector<std::vector<bool>> leads(count, std::vector<bool>(count, false));
    for (std::size_t from = 0; from < count; ++from) {
        for (const AssignedTopic& topic : assignments[from]) {
            for (std::size_t to = 0; to < count; ++to) {
                leads[from][to] = leads[from][to] || subscribes(input, to, topic.topic);
            }
        }
    }
    for (std::size_t over = 0; over < count; ++over) {
        for (std::size_t pair = 0; pair < count * count; ++pair) {
            const std::size_t from = pair / count;
            const std::size_t to = pair % count;
            leads[from][to] = leads[from][to] || (leads[from][over] && leads[over][to]);
        }
    }
    for (std::size_t pair = 0; pair < count * count; ++pair) {
        const std::size_t from = pair / count;
        const std::size_t to = pair % count;
        if (leads[from][to] && size_of(assignments[from]) > size_of(assignments[to]) + 1) {
            return false;
        }
    }
    return true;
}

Score score_of(const AssignorInput& input, const std::vector<Assignment>& assignments) {
    Score score;
    for (std::size_t member = 0; member < assignments.size(); ++member) {
        const std::size_t size = size_of(assignments[member]);
        score.sum_of_squares += size * size;
        for (const AssignedTopic& topic : assignments[member]) {
            for (const PartitionIndex partition : topic.partitions) {
                score.near += is_near(input, {topic.topic, partition}, member) ? 1 : 0;
            }
        }
        score.moved += size_of(difference(input.members[member].current, assignments[member]));
    }
    return score;
}

Score best_score(const AssignorInput& input) {
    const auto partitions = subscribed_partitions(input);
    Owners owners(partitions.size(), 0);
    std::optional<Score> best;
    while (true) {
        if (is_allowed(input, partitions, owners)) {
            const Score score = score_of(input, assignments_of(input, partitions, owners));
            best = !best || rank(score) < rank(*best) ? score : best;
        }
        std::size_t at = 0;
        while (at < owners.size() && ++owners[at] == input.members.size()) {
            owners[at++] = 0;
        }
        if (at == owners.size()) {
            return *best;
        }
    }
}

bool is_best_nearby(const AssignorInput& input, const std::vector<Assignment>& assignments) {
    const auto partitions = subscribed_partitions(input);
    Owners owners;
    for (const auto& [topic, index] : partitions) {
        owners.push_back(0);
        while (!contains(assignments[owners.back()], topic, index)) {
            ++owners.back();
        }
    }
    const auto best = rank(score_of(input, assignments));
    const auto is_better = [&] {
        return is_allowed(input, partitions, owners) &&
               rank(score_of(input, assignments_of(input, partitions, owners))) < best;
    };
    for (std::size_t at = 0; at < owners.size(); ++at) {
        const std::size_t owner = owners[at];
        for (owners[at] = 0; owners[at] < assignments.size(); ++owners[at]) {
            if (is_better()) {
                return false;
            }
        }
        owners[at] = owner;
        for (std::size_t other = 0; other < at; ++other) {
            std::swap(owners[at], owners[other]);
            if (is_better()) {
                return false;
            }
            std::swap(owners[at], owners[other]);
        }
    }
    return true;
}

}  // namespace hw::broker
