#include <algorithm>

#include <catch2/catch.hpp>

#include "broker/coordinator/assignor/assignor.h"
#include "test/unit/groups/assignor_checks.h"

namespace hw::broker {
namespace {

constexpr std::uint64_t kInputs = 400;

/// Calls `check` with random inputs whose members have random partitions already.
template <class Check>
void for_random_inputs(const InputShape& shape, Check check) {
    for (std::uint64_t seed = 1; seed <= kInputs; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        AssignorInput input = random_input(shape, random);
        give_random_current(input, random);
        check(input);
    }
}

constexpr InputShape kEqual{.equal_subscriptions = true};
constexpr InputShape kDifferent{.equal_subscriptions = false};
constexpr InputShape kEqualRacks{.racks = 4, .equal_subscriptions = true};
constexpr InputShape kDifferentRacks{.racks = 4, .equal_subscriptions = false};
/// Small enough for best_score.
constexpr InputShape kSmall{.members = 4, .topics = 2, .partitions = 3};

InputShape small(std::int64_t racks, bool equal_subscriptions) {
    InputShape shape = kSmall;
    shape.racks = racks;
    shape.equal_subscriptions = equal_subscriptions;
    return shape;
}

TEST_CASE("assignors: each partition is assigned once, to a subscriber", "[broker][groups]") {
    for (const InputShape& shape : {kEqual, kDifferent, kEqualRacks, kDifferentRacks}) {
        for_random_inputs(shape, [](const AssignorInput& input) {
            CHECK(fault_in(input, assign_uniform(input)).empty());
            CHECK(fault_in(input, assign_range(input)).empty());
        });
    }
}

TEST_CASE("assignors: equal inputs give equal assignments", "[broker][groups]") {
    for_random_inputs(kDifferentRacks, [](const AssignorInput& input) {
        AssignorInput copy = input;
        for (AssignorMember& member : copy.members) {
            member.topics = subscribe(*member.topics);
        }
        CHECK(assign_uniform(input) == assign_uniform(copy));
        CHECK(assign_range(input) == assign_range(copy));
    });
}

TEST_CASE("assignors: nothing moves if nothing has changed", "[broker][groups]") {
    for (const InputShape& shape : {kEqual, kDifferent, kEqualRacks, kDifferentRacks}) {
        for_random_inputs(shape, [](AssignorInput input) {
            for (const auto& assign : {assign_uniform, assign_range}) {
                const auto assignments = assign(input);
                set_current(input, assignments);
                CHECK(assign(input) == assignments);
            }
        });
    }
}

TEST_CASE("uniform: members with equal subscriptions differ by at most one partition",
          "[broker][groups]") {
    for (const InputShape& shape : {kEqual, kEqualRacks}) {
        for_random_inputs(shape, [](const AssignorInput& input) {
            const auto sizes = std::ranges::minmax(assign_uniform(input), {}, size_of);
            CHECK(size_of(sizes.max) - size_of(sizes.min) <= 1);
        });
    }
}

TEST_CASE("uniform: no chain of moves makes different subscriptions more balanced",
          "[broker][groups]") {
    for (const InputShape& shape : {kDifferent, kDifferentRacks}) {
        for_random_inputs(shape, [](const AssignorInput& input) {
            CHECK(is_level(input, assign_uniform(input)));
        });
    }
}

TEST_CASE("uniform: no assignment is more balanced, whatever the subscriptions",
          "[broker][groups]") {
    for_random_inputs(small(3, false), [](const AssignorInput& input) {
        CHECK(score_of(input, assign_uniform(input)).sum_of_squares ==
              best_score(input).sum_of_squares);
    });
}

TEST_CASE(
    "uniform: no move and no exchange of two partitions is better, whatever the subscriptions",
    "[broker][groups]") {
    for (const InputShape& shape : {kEqual, kDifferent, kEqualRacks, kDifferentRacks}) {
        for_random_inputs(shape, [](const AssignorInput& input) {
            CHECK(is_best_nearby(input, assign_uniform(input)));
        });
    }
}

TEST_CASE("uniform: with equal subscriptions, no balanced assignment has more partitions near",
          "[broker][groups]") {
    for_random_inputs(small(4, true), [](const AssignorInput& input) {
        const Score score = score_of(input, assign_uniform(input));
        CHECK(score.sum_of_squares == best_score(input).sum_of_squares);
        CHECK(score.near == best_score(input).near);
    });
}

TEST_CASE("uniform: with equal subscriptions and no racks, the fewest partitions move",
          "[broker][groups]") {
    for_random_inputs(small(0, true), [](const AssignorInput& input) {
        CHECK(score_of(input, assign_uniform(input)) == best_score(input));
    });
}

TEST_CASE("uniform: when a member leaves, only its partitions move", "[broker][groups]") {
    for_random_inputs(kEqual, [](AssignorInput input) {
        set_current(input, assign_uniform(input));
        input.members.erase(input.members.begin());
        if (input.members.empty()) {
            return;
        }
        CHECK(score_of(input, assign_uniform(input)).moved == 0);
    });
}

TEST_CASE("uniform: when a member joins, only its share moves", "[broker][groups]") {
    for_random_inputs(kEqual, [](AssignorInput input) {
        set_current(input, assign_uniform(input));
        input.members.push_back({.id = member_id(input.members.size()),
                                 .instance = {},
                                 .rack = {},
                                 .topics = input.members.front().topics,
                                 .current = {}});
        const auto assignments = assign_uniform(input);
        CHECK(score_of(input, assignments).moved == size_of(assignments.back()));
    });
}

TEST_CASE("uniform: it stays balanced and complete through a history of changes",
          "[broker][groups]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        AssignorInput input = random_input(kDifferentRacks, random);
        for (int change = 0; change < 20; ++change) {
            const AssignorInput next = random_input(kDifferentRacks, random);
            input.topics = next.topics;
            for (std::size_t at = 0; at < next.members.size(); ++at) {
                const Assignment kept =
                    at < input.members.size() ? input.members[at].current : Assignment();
                input.members.resize(std::max(input.members.size(), at + 1));
                input.members[at] = next.members[at];
                input.members[at].current = kept;
            }
            input.members.resize(next.members.size());
            const auto assignments = assign_uniform(input);
            REQUIRE(fault_in(input, assignments).empty());
            REQUIRE(is_level(input, assignments));
            set_current(input, assignments);
        }
    }
}

}  // namespace
}  // namespace hw::broker
