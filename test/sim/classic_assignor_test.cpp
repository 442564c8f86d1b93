#include "test/sim/classic_assignor.h"

#include <map>
#include <string>

#include <catch2/catch.hpp>

namespace hw::sim {
namespace {

using Owned = std::map<std::string, Partitions>;

TEST_CASE("classic assignor: partitions are dealt out in turn", "[sim][groups]") {
    CHECK(assign_partitions({{"a", {}}, {"b", {}}}, {0, 1, 2}) == Owned{{"a", {0, 2}}, {"b", {1}}});
    CHECK(assign_partitions({{"a", {}}, {"b", {}}}, {4}) == Owned{{"a", {4}}, {"b", {}}});
}

TEST_CASE("classic assignor: nobody gets what another member still has", "[sim][groups]") {
    const Owned owned{{"a", {0, 1}}, {"b", {2}}};
    CHECK(assign_partitions(owned, {0, 1, 2}) == Owned{{"a", {0}}, {"b", {}}});
    CHECK(assign_partitions({{"a", {0}}, {"b", {}}}, {0, 1, 2}) ==
          Owned{{"a", {0, 2}}, {"b", {1}}});
}

TEST_CASE("classic assignor: consumers understand the bytes", "[sim][groups]") {
    Plan plan;
    for (const int index : {0, 1}) {
        plan.partitions.push_back({.topic = "other", .index = PartitionIndex(index), .facts = {}});
        plan.partitions.push_back({.topic = "topic", .index = PartitionIndex(index), .facts = {}});
    }
    GroupPlan& group = plan.groups.emplace_back();
    group.registers.emplace_back(PartitionNumber(3), RegisterNumber(0));
    const TeamTopics topics(plan, group);
    CHECK(topics.all() == Partitions{1, 3});
    CHECK(decode_assignment({}, topics) == Partitions{});
    CHECK(decode_assignment(encode_assignment({1, 3}, topics).view(), topics) == Partitions{1, 3});
    const int version = GENERATE(0, 1, 2, 3);
    Subscription subscription;
    subscription.version = ApiVersion(static_cast<std::int16_t>(version));
    if (version > 0) {
        subscription.owned = {3};
    }
    const Buffer bytes = encode_subscription(subscription, topics);
    CHECK(decode_owned(bytes.view(), topics) == subscription.owned);
    CHECK(decode_owned(bytes.view().first(3), topics) == std::nullopt);
}

}  // namespace
}  // namespace hw::sim
