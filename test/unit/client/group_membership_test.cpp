#include "tools/client/group_membership.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::client {
namespace {

using Step = GroupMembership::Step;
using wire::ErrorCode;

constexpr GroupMembership::TimePoint kStart{};
const std::vector<PartitionName> kFirst{{"orders", PartitionIndex(0)}};

/// A member that reads partition orders-0 in generation 7.
GroupMembership reading() {
    GroupMembership membership("billing");
    REQUIRE(membership.on_joined({.generation = 7, .member = "m"}));
    REQUIRE(membership.on_synced({.assigned = kFirst}, kStart));
    return membership;
}

TEST_CASE("membership: a new member joins with the id that it is given, syncs and reads",
          "[client][group]") {
    GroupMembership membership("billing");
    CHECK(membership.next_step(kStart) == Step::join);
    CHECK(membership.name().member.empty());
    REQUIRE(membership.on_joined({.code = ErrorCode::member_id_required, .member = "m"}));
    CHECK(membership.next_step(kStart) == Step::join);
    CHECK(membership.name().member == "m");
    REQUIRE(membership.on_joined({.generation = 7, .member = "m"}));
    CHECK(membership.next_step(kStart) == Step::sync);
    CHECK(membership.name().generation == 7);
    CHECK_FALSE(membership.is_assigned());
    REQUIRE(membership.on_synced({.assigned = kFirst}, kStart));
    CHECK(membership.is_assigned());
    CHECK(membership.assigned().size() == 1);
    CHECK(membership.next_step(kStart) == Step::read);
}

TEST_CASE("membership: a heartbeat is due after each interval", "[client][group]") {
    GroupMembership membership = reading();
    const auto due = kStart + GroupMembership::kHeartbeatInterval;
    CHECK(membership.next_step(due - Milliseconds(1)) == Step::read);
    CHECK(membership.next_step(due) == Step::heartbeat);
    REQUIRE(membership.on_heartbeat(ErrorCode::none, due));
    CHECK(membership.next_step(due) == Step::read);
    CHECK(membership.next_step(due + GroupMembership::kHeartbeatInterval) == Step::heartbeat);
}

TEST_CASE("membership: in a rebalance it joins again under its id, and may still commit before",
          "[client][group]") {
    GroupMembership membership = reading();
    REQUIRE(membership.on_heartbeat(ErrorCode::rebalance_in_progress, kStart));
    CHECK(membership.next_step(kStart) == Step::join);
    CHECK_FALSE(membership.is_assigned());
    CHECK(membership.assigned().empty());
    CHECK(membership.name().member == "m");
    CHECK(membership.name().generation == 7);
}

TEST_CASE("membership: a member that is too late joins again", "[client][group]") {
    GroupMembership membership = reading();
    REQUIRE(membership.on_committed(ErrorCode::illegal_generation));
    CHECK(membership.next_step(kStart) == Step::join);
    CHECK(membership.name().member == "m");
    CHECK(membership.name().generation == -1);
}

TEST_CASE("membership: a member that the group does not know joins as a new one",
          "[client][group]") {
    GroupMembership membership = reading();
    REQUIRE(membership.on_heartbeat(ErrorCode::unknown_member_id, kStart));
    CHECK(membership.next_step(kStart) == Step::join);
    CHECK(membership.name().member.empty());
    CHECK(membership.name().generation == -1);
}

TEST_CASE("membership: a rebalance during the sync makes it join again", "[client][group]") {
    GroupMembership membership("billing");
    REQUIRE(membership.on_joined({.generation = 7, .member = "m", .members = {{"m", {}, {"t"}}}}));
    CHECK(membership.members().size() == 1);
    REQUIRE(membership.on_synced({.code = ErrorCode::rebalance_in_progress}, kStart));
    CHECK(membership.next_step(kStart) == Step::join);
    CHECK(membership.members().empty());
}

TEST_CASE("membership: a refusal is an error that says what to do", "[client][group]") {
    struct Case {
        ErrorCode code;
        std::string words;
    };
    const auto [code, words] =
        GENERATE(Case{ErrorCode::inconsistent_group_protocol, "it knows the assignor 'range'"},
                 Case{ErrorCode::group_max_size_reached, "stop one first"},
                 Case{ErrorCode::invalid_session_timeout, "change --timeout"},
                 Case{ErrorCode::group_authorization_failed, "GROUP_AUTHORIZATION_FAILED"});
    GroupMembership membership("billing");
    const auto joined = membership.on_joined({.code = code, .member = {}});
    REQUIRE_FALSE(joined);
    CAPTURE(joined.error().message);
    CHECK(joined.error().message.starts_with("group 'billing': "));
    CHECK(joined.error().message.find(words) != std::string::npos);
}

}  // namespace
}  // namespace hw::client
