#include <catch2/catch.hpp>

#include "broker/coordinator/assignor/assignor.h"
#include "test/unit/groups/assignor_checks.h"

namespace hw::broker {
namespace {

using Racks = std::vector<std::vector<std::uint16_t>>;

AssignorTopic topic(std::uint64_t number, std::int32_t partitions, Racks racks = {}) {
    return {.id = topic_id(number), .partitions = partitions, .racks = std::move(racks)};
}

AssignorMember member(std::string id, const Subscription& topics, Assignment current = {}) {
    return {.id = std::move(id),
            .instance = {},
            .rack = {},
            .topics = topics,
            .current = std::move(current)};
}

AssignorMember member_in(std::uint16_t rack, std::string id, const Subscription& topics,
                         Assignment current = {}) {
    AssignorMember result = member(std::move(id), topics, std::move(current));
    result.rack = rack;
    return result;
}

const Subscription kFirst = subscribe({0});
const Subscription kSecond = subscribe({1});
const Subscription kBoth = subscribe({0, 1});

TEST_CASE("uniform: the partitions of all topics are divided equally", "[broker][groups]") {
    const auto assignments =
        assign_uniform({.topics = {topic(1, 4), topic(2, 3)},
                        .members = {member("a", kBoth), member("b", kBoth), member("c", kBoth)}});
    CHECK(size_of(assignments[0]) == 3);
    CHECK(size_of(assignments[1]) == 2);
    CHECK(size_of(assignments[2]) == 2);
}

TEST_CASE("uniform: who has most keeps one more, if the number is uneven", "[broker][groups]") {
    CHECK(assign_uniform({.topics = {topic(1, 5)},
                          .members = {member("a", kFirst, {partitions_of(1, {0})}),
                                      member("b", kFirst, {partitions_of(1, {1, 2, 3, 4})})}}) ==
          std::vector<Assignment>{{partitions_of(1, {0, 4})}, {partitions_of(1, {1, 2, 3})}});
}

TEST_CASE("uniform: the new partitions of a topic that grew go to those with fewest",
          "[broker][groups]") {
    CHECK(assign_uniform({.topics = {topic(1, 5)},
                          .members = {member("a", kFirst, {partitions_of(1, {0, 1})}),
                                      member("b", kFirst, {partitions_of(1, {2})})}}) ==
          std::vector<Assignment>{{partitions_of(1, {0, 1, 4})}, {partitions_of(1, {2, 3})}});
}

TEST_CASE("uniform: what a member has of a topic that shrank, is gone or not subscribed is ignored",
          "[broker][groups]") {
    const Assignment outdated{partitions_of(0, {0}), partitions_of(1, {0, 2, 7}),
                              partitions_of(2, {0}), partitions_of(9, {1})};
    CHECK(assign_uniform({.topics = {topic(1, 2), topic(2, 2)},
                          .members = {member("a", kFirst, outdated), member("b", kSecond)}}) ==
          std::vector<Assignment>{{partitions_of(1, {0, 1})}, {partitions_of(2, {0, 1})}});
}

TEST_CASE("uniform: a partition that two members claim belongs to the first", "[broker][groups]") {
    CHECK(assign_uniform({.topics = {topic(1, 4)},
                          .members = {member("a", kFirst, {partitions_of(1, {2, 3})}),
                                      member("b", kFirst, {partitions_of(1, {1, 2, 3})})}}) ==
          std::vector<Assignment>{{partitions_of(1, {2, 3})}, {partitions_of(1, {0, 1})}});
}

TEST_CASE("uniform: a topic goes to the member that may have nothing else", "[broker][groups]") {
    CHECK(assign_uniform({.topics = {topic(1, 2), topic(2, 2)},
                          .members = {member("a", kBoth), member("b", kFirst)}}) ==
          std::vector<Assignment>{{partitions_of(2, {0, 1})}, {partitions_of(1, {0, 1})}});
}

TEST_CASE("uniform: a partition moves through another member if that is the only way",
          "[broker][groups]") {
    // "c" may have none of the partitions of "a", but "b" may.
    const auto assignments = assign_uniform(
        {.topics = {topic(1, 4), topic(2, 2)},
         .members = {member("a", kFirst, {partitions_of(1, {0, 1, 2, 3})}),
                     member("b", kBoth, {partitions_of(2, {0, 1})}), member("c", kSecond)}});
    CHECK(size_of(assignments[0]) == 2);
    CHECK(size_of(assignments[1]) == 2);
    CHECK(assignments[2] == Assignment{partitions_of(2, {0, 1})});
}

TEST_CASE("uniform: new partitions go to the racks of their replicas", "[broker][groups]") {
    CHECK(assign_uniform({.topics = {topic(1, 4, {{2}, {1, 2}, {1, 3}, {1}})},
                          .members = {member_in(1, "a", kFirst), member_in(2, "b", kFirst)}}) ==
          std::vector<Assignment>{{partitions_of(1, {2, 3})}, {partitions_of(1, {0, 1})}});
}

TEST_CASE("uniform: balance comes before racks", "[broker][groups]") {
    const auto assignments =
        assign_uniform({.topics = {topic(1, 4, {{1}, {1}, {1}, {1}})},
                        .members = {member_in(1, "a", kFirst), member_in(2, "b", kFirst)}});
    CHECK(size_of(assignments[0]) == 2);
    CHECK(size_of(assignments[1]) == 2);
}

TEST_CASE("uniform: racks come before earlier owners", "[broker][groups]") {
    CHECK(assign_uniform({.topics = {topic(1, 3, {{1}, {2}, {1, 2}})},
                          .members = {member_in(1, "a", kFirst, {partitions_of(1, {1, 2})}),
                                      member_in(2, "b", kFirst, {partitions_of(1, {0})})}}) ==
          std::vector<Assignment>{{partitions_of(1, {0, 2})}, {partitions_of(1, {1})}});
}

TEST_CASE("uniform: partitions change racks in a ring if no two can be exchanged",
          "[broker][groups]") {
    const auto assignments =
        assign_uniform({.topics = {topic(1, 3, {{2}, {2, 3}, {3, 1}})},
                        .members = {member_in(1, "a", kFirst, {partitions_of(1, {0})}),
                                    member_in(2, "b", kFirst, {partitions_of(1, {1})}),
                                    member_in(3, "c", kFirst, {partitions_of(1, {2})})}});
    CHECK(assignments == std::vector<Assignment>{{partitions_of(1, {2})},
                                                 {partitions_of(1, {0})},
                                                 {partitions_of(1, {1})}});
}

TEST_CASE("uniform: a member in a better rack gets the one partition too many",
          "[broker][groups]") {
    // "c" gives its third partition, which is near nobody, to make up for the one "a" gives to "b".
    CHECK(assign_uniform({.topics = {topic(1, 7, {{1}, {2}, {2}, {2}, {3}, {3}, {}})},
                          .members = {member_in(1, "a", kFirst, {partitions_of(1, {0, 1})}),
                                      member_in(2, "b", kFirst, {partitions_of(1, {2, 3})}),
                                      member_in(3, "c", kFirst, {partitions_of(1, {4, 5, 6})})}}) ==
          std::vector<Assignment>{{partitions_of(1, {0, 6})},
                                  {partitions_of(1, {1, 2, 3})},
                                  {partitions_of(1, {4, 5})}});
}

TEST_CASE("uniform: racks that no member is in, and members in no rack, change nothing",
          "[broker][groups]") {
    const std::vector<Assignment> current{{partitions_of(1, {0, 1})}, {partitions_of(1, {2, 3})}};
    CHECK(assign_uniform({.topics = {topic(1, 4, {{7}, {7}, {8}, {}})},
                          .members = {member("a", kFirst, current[0]),
                                      member_in(1, "b", kFirst, current[1])}}) == current);
}

TEST_CASE("uniform: members without topics, topics without partitions and no members are no error",
          "[broker][groups]") {
    CHECK(assign_uniform({.topics = {topic(1, 0), topic(2, 3)},
                          .members = {member("a", nullptr), member("b", kFirst)}}) ==
          std::vector<Assignment>(2));
    CHECK(assign_uniform({.topics = {topic(1, 3)}, .members = {}}).empty());
    CHECK(assign_uniform({.topics = {}, .members = {}}).empty());
}

TEST_CASE("uniform: a large group is balanced, near and sticky", "[broker][groups]") {
    AssignorInput input;
    const Subscription all = subscribe({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    for (std::uint64_t number = 0; number < all->size(); ++number) {
        input.topics.push_back(topic(number, 1000));
        for (std::uint16_t at = 0; at < 1000; ++at) {
            input.topics.back().racks.push_back({static_cast<std::uint16_t>(at % 3)});
        }
    }
    for (std::uint16_t number = 0; number < 999; ++number) {
        input.members.push_back(
            member_in(static_cast<std::uint16_t>(number % 3), member_id(number), all));
    }
    set_current(input, assign_uniform(input));
    // 3340 partitions in the first rack for 333 members with 10 or 11 partitions.
    input.members.pop_back();
    const auto assignments = assign_uniform(input);
    CHECK(fault_in(input, assignments).empty());
    const Score score = score_of(input, assignments);
    CHECK(score.sum_of_squares == 978 * 100 + 20 * 121);
    CHECK(score.near == 10'000);
    CHECK(score.moved == 0);
}

}  // namespace
}  // namespace hw::broker
