#include "tools/cli/group_rebalance.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::cli {
namespace {

using client::GroupMember;
using client::GroupView;
using client::PartitionName;
using Reasons = std::vector<std::string>;

/// Partitions of the topic orders.
std::vector<PartitionName> orders(const std::vector<std::int32_t>& indexes) {
    std::vector<PartitionName> names;
    for (const std::int32_t index : indexes) {
        names.push_back({"orders", PartitionIndex(index)});
    }
    return names;
}

GroupMember member(const std::string& id, std::int32_t epoch,
                   const std::vector<std::int32_t>& partitions,
                   const std::vector<std::int32_t>& target) {
    return {.id = id,
            .instance = {},
            .client_id = "c1",
            .host = "/127.0.0.1",
            .partitions = orders(partitions),
            .epoch = epoch,
            .target = orders(target)};
}

/// A group of the consumer protocol whose targets are those of epoch 7.
GroupView group_of(std::vector<GroupMember> members) {
    GroupView group;
    group.state = "Reconciling";
    group.epochs = client::GroupEpochs{.group = 7, .assignment = 7};
    group.members = std::move(members);
    return group;
}

GroupView classic(const std::string& state) {
    GroupView group;
    group.state = state;
    return group;
}

TEST_CASE("group rebalance: a stable group has no reason", "[cli][group]") {
    CHECK(rebalance_reasons(classic("Stable")).empty());
    CHECK(rebalance_reasons(classic("Empty")).empty());
    GroupView group = group_of({member("a", 7, {0, 1}, {0, 1})});
    group.state = "Stable";
    CHECK(rebalance_reasons(group).empty());
}

TEST_CASE("group rebalance: the state of a classic group tells what it waits for", "[cli][group]") {
    CHECK(rebalance_reasons(classic("PreparingRebalance")) ==
          Reasons{"The group is rebalancing: it waits for its members to join again, and removes "
                  "those that do not do so within their rebalance timeout."});
    CHECK(rebalance_reasons(classic("CompletingRebalance")) ==
          Reasons{"The group is rebalancing: all members have joined, and it waits for one of "
                  "them, the leader, to assign the partitions."});
}

TEST_CASE("group rebalance: a member that has not reported has to give up partitions",
          "[cli][group]") {
    CHECK(
        rebalance_reasons(group_of({member("a", 6, {0, 3, 4}, {0}), member("b", 7, {}, {3, 4})})) ==
        Reasons{"The group is rebalancing: it waits for member a (client c1, /127.0.0.1) to give "
                "up orders 3, 4; the member is at epoch 6, and has not reported since the targets "
                "of epoch 7 were assigned."});
}

TEST_CASE("group rebalance: what others wait for and nobody has is with the one member behind",
          "[cli][group]") {
    CHECK(rebalance_reasons(group_of({member("a", 6, {0}, {0}), member("b", 7, {}, {3, 4})})) ==
          Reasons{"The group is rebalancing: it waits for member a (client c1, /127.0.0.1) to give "
                  "up orders 3, 4."});
}

TEST_CASE("group rebalance: with two members behind either may still have it", "[cli][group]") {
    const Reasons reasons = rebalance_reasons(
        group_of({member("a", 6, {0}, {0}), member("b", 6, {1}, {1}), member("c", 7, {}, {3})}));
    REQUIRE(reasons.size() == 2);
    CHECK(reasons[1] ==
          "The group is rebalancing: it waits for member b (client c1, /127.0.0.1), one of 2 "
          "members that may still have orders 3.");
}

TEST_CASE("group rebalance: a member behind that nobody waits for", "[cli][group]") {
    CHECK(rebalance_reasons(group_of({member("a", 6, {0}, {0})})) ==
          Reasons{"The group is rebalancing: it waits for member a (client c1, /127.0.0.1), which "
                  "is at epoch 6, to reach epoch 7 with its next heartbeats."});
}

TEST_CASE("group rebalance: a partition that has just become free", "[cli][group]") {
    CHECK(rebalance_reasons(group_of({member("a", 7, {0}, {0}), member("b", 7, {}, {3})})) ==
          Reasons{"The group is rebalancing: nobody has orders 3 any more, and the next "
                  "heartbeats assign them."});
}

TEST_CASE("group rebalance: a static member that is away", "[cli][group]") {
    CHECK(rebalance_reasons(group_of({member("a", client::kAwayEpoch, {0}, {0})})) ==
          Reasons{"The group waits for static member a (client c1, /127.0.0.1), which has left and "
                  "may return until its session ends: it keeps orders 0."});
}

TEST_CASE("group rebalance: a target that is being computed", "[cli][group]") {
    GroupView group = group_of({member("a", 7, {0}, {0})});
    group.epochs->group = 8;
    CHECK(rebalance_reasons(group) ==
          Reasons{"The group is rebalancing: the targets of epoch 8 are being computed; until then "
                  "members go on to those of epoch 7."});
}

TEST_CASE("group rebalance: members and partitions beyond the limits are counted", "[cli][group]") {
    GroupView group;
    group.epochs = client::GroupEpochs{.group = 7, .assignment = 7};
    for (std::size_t i = 0; i < kMostNamedMembers; ++i) {
        group.members.push_back(member("a", 6, {}, {}));
    }
    CHECK(rebalance_reasons(group).size() == kMostNamedMembers);
    group.members.push_back(member("b", 6, {}, {}));
    REQUIRE(rebalance_reasons(group).size() == kMostNamedMembers + 1);
    CHECK(rebalance_reasons(group).back() == "It also waits for 1 other member.");

    std::vector<PartitionName> names;
    for (std::size_t i = 0; i < kMostNamedPartitions; ++i) {
        names.push_back({"t", PartitionIndex(7)});
    }
    CHECK(partition_names(names).find("more") == std::string::npos);
    names.push_back({"t", PartitionIndex(8)});
    CHECK(partition_names(names).ends_with(", 7 and 1 more"));
}

TEST_CASE("group rebalance: the names of partitions", "[cli][group]") {
    std::vector<PartitionName> names = orders({3, 4});
    names.push_back({"payments", PartitionIndex(0)});
    CHECK(partition_names(names) == "orders 3, 4; payments 0");
    CHECK(partition_names({}) == "-");
}

}  // namespace
}  // namespace hw::cli
