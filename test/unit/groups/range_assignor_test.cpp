#include <catch2/catch.hpp>

#include "broker/coordinator/assignor/assignor.h"
#include "test/unit/groups/assignor_checks.h"

namespace hw::broker {
namespace {

AssignorTopic topic(std::uint64_t number, std::int32_t partitions) {
    return {.id = topic_id(number), .partitions = partitions, .racks = {}};
}

AssignorMember member(std::string id, const Subscription& topics,
                      std::optional<std::string> instance = {}) {
    return {.id = std::move(id),
            .instance = std::move(instance),
            .rack = {},
            .topics = topics,
            .current = {}};
}

TEST_CASE("range: the first members get the longer ranges, of all topics", "[broker][groups]") {
    const Subscription both = subscribe({0, 1});
    const AssignorInput input{.topics = {topic(1, 3), topic(2, 3)},
                              .members = {member("a", both), member("b", both)}};
    CHECK(assign_range(input) ==
          std::vector<Assignment>{{partitions_of(1, {0, 1}), partitions_of(2, {0, 1})},
                                  {partitions_of(1, {2}), partitions_of(2, {2})}});
}

TEST_CASE("range: each topic alone is divided among its subscribers", "[broker][groups]") {
    const AssignorInput input{
        .topics = {topic(1, 5), topic(2, 3), topic(3, 4)},
        .members = {member("a", subscribe({0, 1})), member("b", subscribe({0})),
                    member("c", subscribe({0, 1}))}};
    CHECK(assign_range(input) ==
          std::vector<Assignment>{{partitions_of(1, {0, 1}), partitions_of(2, {0, 1})},
                                  {partitions_of(1, {2, 3})},
                                  {partitions_of(1, {4}), partitions_of(2, {2})}});
}

TEST_CASE("range: static members come first, by instance id", "[broker][groups]") {
    const Subscription one = subscribe({0});
    const AssignorInput input{
        .topics = {topic(1, 5)},
        .members = {member("a", one), member("b", one, "y"), member("c", one, "x")}};
    CHECK(assign_range(input) == std::vector<Assignment>{{partitions_of(1, {4})},
                                                         {partitions_of(1, {2, 3})},
                                                         {partitions_of(1, {0, 1})}});
}

TEST_CASE("range: static members keep their ranges when they come back with other member ids",
          "[broker][groups]") {
    const Subscription one = subscribe({0});
    const auto first = assign_range(
        {.topics = {topic(1, 3)}, .members = {member("a", one, "x"), member("b", one, "y")}});
    const auto second = assign_range(
        {.topics = {topic(1, 3)}, .members = {member("c", one, "y"), member("d", one, "x")}});
    CHECK(second[1] == first[0]);
    CHECK(second[0] == first[1]);
}

TEST_CASE("range: the last of too many members get nothing", "[broker][groups]") {
    const Subscription one = subscribe({0});
    const AssignorInput input{.topics = {topic(1, 2)},
                              .members = {member("a", one), member("b", one), member("c", one)}};
    CHECK(assign_range(input) ==
          std::vector<Assignment>{{partitions_of(1, {0})}, {partitions_of(1, {1})}, {}});
}

TEST_CASE("range: neither earlier owners nor racks count", "[broker][groups]") {
    const Subscription one = subscribe({0});
    AssignorInput input{.topics = {topic(1, 2)}, .members = {member("a", one), member("b", one)}};
    const auto expected = assign_range(input);
    input.topics[0].racks = {{2}, {1}};
    input.members[0].rack = 1;
    input.members[1].rack = 2;
    input.members[0].current = expected[1];
    input.members[1].current = expected[0];
    CHECK(assign_range(input) == expected);
}

TEST_CASE("range: members without topics, topics without partitions and no members are no error",
          "[broker][groups]") {
    const AssignorInput input{.topics = {topic(1, 0)},
                              .members = {member("a", nullptr), member("b", subscribe({0}))}};
    CHECK(assign_range(input) == std::vector<Assignment>(2));
    CHECK(assign_range({.topics = {topic(1, 3)}, .members = {}}).empty());
}

TEST_CASE("assignors: they are found by name", "[broker][groups]") {
    CHECK(find_assignor("uniform") == assign_uniform);
    CHECK(find_assignor("range") == assign_range);
    CHECK(find_assignor("Range") == nullptr);
    CHECK(find_assignor("") == nullptr);
    CHECK(assignor_names() == "uniform, range");
}

}  // namespace
}  // namespace hw::broker
