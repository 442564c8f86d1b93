#include "broker/coordinator/assignor/assignment.h"

#include <catch2/catch.hpp>

#include "protocol/base/random.h"
#include "test/unit/groups/assignor_checks.h"

namespace hw::broker {
namespace {

const Assignment kLeft{partitions_of(1, {0, 2, 3}), partitions_of(2, {0}), partitions_of(4, {5})};
const Assignment kRight{partitions_of(0, {1}), partitions_of(1, {2, 4}), partitions_of(4, {5})};

Assignment random_assignment(Random& random) {
    Assignment assignment;
    for (std::uint64_t topic = 0; topic < 5; ++topic) {
        std::vector<std::int32_t> partitions;
        for (std::int32_t partition = 0; partition < 5; ++partition) {
            if (random.chance(1, 2)) {
                partitions.push_back(partition);
            }
        }
        if (!partitions.empty()) {
            assignment.push_back(partitions_of(topic, partitions));
        }
    }
    return assignment;
}

TEST_CASE("assignment: it contains its partitions and no others", "[broker][groups]") {
    CHECK(contains(kLeft, topic_id(1), PartitionIndex(3)));
    CHECK(contains(kLeft, topic_id(4), PartitionIndex(5)));
    CHECK_FALSE(contains(kLeft, topic_id(1), PartitionIndex(1)));
    CHECK_FALSE(contains(kLeft, topic_id(3), PartitionIndex(0)));
    CHECK_FALSE(contains(kLeft, topic_id(5), PartitionIndex(0)));
    CHECK_FALSE(contains({}, topic_id(1), PartitionIndex(0)));
}

TEST_CASE("assignment: its size is the number of partitions", "[broker][groups]") {
    CHECK(size_of(kLeft) == 5);
    CHECK(size_of({}) == 0);
}

TEST_CASE("assignment: the intersection has what is in both, without empty topics",
          "[broker][groups]") {
    const Assignment both{partitions_of(1, {2}), partitions_of(4, {5})};
    CHECK(intersection(kLeft, kRight) == both);
    CHECK(intersection(kRight, kLeft) == both);
    CHECK(intersection(kLeft, {}).empty());
}

TEST_CASE("assignment: the difference has what is only in the left one, without empty topics",
          "[broker][groups]") {
    CHECK(difference(kLeft, kRight) == Assignment{partitions_of(1, {0, 3}), partitions_of(2, {0})});
    CHECK(difference(kRight, kLeft) == Assignment{partitions_of(0, {1}), partitions_of(1, {4})});
    CHECK(difference(kLeft, {}) == kLeft);
    CHECK(difference(kLeft, kLeft).empty());
}

TEST_CASE("assignment: intersection and difference divide a set", "[broker][groups]") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        const Assignment left = random_assignment(random);
        const Assignment right = random_assignment(random);
        const Assignment both = intersection(left, right);
        const Assignment rest = difference(left, right);
        CHECK(size_of(both) + size_of(rest) == size_of(left));
        CHECK(difference(left, both) == rest);
        CHECK(difference(left, rest) == both);
        CHECK(intersection(rest, right).empty());
    }
}

}  // namespace
}  // namespace hw::broker
