#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/delete_groups.h"
#include "protocol/schema/api/describe_groups.h"
#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/leave_group.h"
#include "protocol/schema/api/list_groups.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/sync_group.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using std::chrono::seconds;
using wire::ErrorCode;

constexpr const char* kOffsets = "__consumer_offsets";

/// A server that coordinates all groups, with topic "t".
struct Bench {
    explicit Bench(const HostLimits& limits = {}) : world(1, limits) {
        world.add({});
        world.add({.topic = kOffsets, .internal = true});
        client = &world.connect();
    }

    static schema::JoinGroupRequest joining(std::string_view group, std::string_view member = "") {
        static const std::array protocols{
            schema::JoinGroupRequest::Protocol{"range", as_bytes(std::string_view("topics"))}};
        schema::JoinGroupRequest request{.group_id = group,
                                         .session_timeout_ms = Millis(10'000),
                                         .rebalance_timeout_ms = Millis(60'000)};
        request.member_id = member;
        request.protocol_type = "consumer";
        request.protocols = protocols;
        return request;
    }
    const schema::JoinGroupResponse& join(Client& by, schema::JoinGroupRequest request,
                                          std::int16_t version = 9) {
        if (version == 0) {
            request.rebalance_timeout_ms = Millis(-1);
        }
        return by.ask<schema::JoinGroupResponse>(request, version);
    }
    /// A member that has joined; in newer versions it is first told its id.
    const schema::JoinGroupResponse& become_member(std::string_view group,
                                                   std::int16_t version = 9) {
        const auto& first = join(*client, joining(group), version);
        if (version < 4) {
            return first;
        }
        CHECK(first.error_code == ErrorCode::member_id_required);
        return join(*client, joining(group, first.member_id), version);
    }
    const schema::SyncGroupResponse& sync(std::string_view group, std::string_view member,
                                          std::int32_t generation, std::int16_t version = 5) {
        const schema::SyncGroupRequest::Assignment assignment{
            member, as_bytes(std::string_view("partitions"))};
        schema::SyncGroupRequest request{
            .group_id = group, .generation_id = generation, .member_id = member};
        request.protocol_type = "consumer";
        request.protocol_name = "range";
        request.assignments = {&assignment, 1};
        return client->ask<schema::SyncGroupResponse>(request, version);
    }
    ErrorCode heartbeat(std::string_view group, std::string_view member, std::int32_t generation,
                        std::int16_t version = 4) {
        const schema::HeartbeatRequest request{
            .group_id = group, .generation_id = generation, .member_id = member};
        return client->ask<schema::HeartbeatResponse>(request, version).error_code;
    }
    const schema::LeaveGroupResponse& leave(std::string_view group, std::string_view member,
                                            std::int16_t version = 5) {
        const schema::LeaveGroupRequest::Member leaving{.member_id = member};
        schema::LeaveGroupRequest request{.group_id = group};
        version < 3 ? void(request.member_id = member) : void(request.members = {&leaving, 1});
        return client->ask<schema::LeaveGroupResponse>(request, version);
    }
    const schema::DescribeGroupsResponse::Group& describe(std::string_view group,
                                                          std::int16_t version = 6) {
        schema::DescribeGroupsRequest request;
        request.groups = {&group, 1};
        const auto& answer = client->ask<schema::DescribeGroupsResponse>(request, version);
        REQUIRE(answer.groups.size() == 1);
        CHECK(answer.groups[0].group_id == group);
        return answer.groups[0];
    }
    std::vector<std::string> list(std::vector<std::string_view> states = {},
                                  std::int16_t version = 5) {
        schema::ListGroupsRequest request;
        request.states_filter = states;
        const auto& answer = client->ask<schema::ListGroupsResponse>(request, version);
        CHECK(answer.error_code == ErrorCode::none);
        std::vector<std::string> groups;
        for (const auto& group : answer.groups) {
            groups.push_back(std::string(group.group_id) + " " + std::string(group.group_state));
        }
        return groups;
    }
    ErrorCode remove(std::string_view group) {
        schema::DeleteGroupsRequest request;
        request.groups_names = {&group, 1};
        const auto& answer = client->ask<schema::DeleteGroupsResponse>(request, 2);
        REQUIRE(answer.results.size() == 1);
        return answer.results[0].error_code;
    }
    ErrorCode commit(std::string_view group, std::string_view member, std::int32_t generation) {
        const schema::OffsetCommitRequest::Partition partition{.partition_index = PartitionIndex(0),
                                                               .committed_offset = Offset(1),
                                                               .committed_metadata = ""};
        const schema::OffsetCommitRequest::Topic topic{.name = "t", .partitions = {&partition, 1}};
        schema::OffsetCommitRequest request{
            .group_id = group, .generation_id_or_member_epoch = generation, .member_id = member};
        request.topics = {&topic, 1};
        return client->ask<schema::OffsetCommitResponse>(request, 9)
            .topics[0]
            .partitions[0]
            .error_code;
    }

    World world;
    Client* client = nullptr;
};

TEST_CASE("groups: a member joins, syncs, sends heartbeats and leaves, in every version",
          "[data][groups]") {
    Bench bench;
    for (std::int16_t version = 0; version <= 9; ++version) {
        INFO("JoinGroup version " << version);
        const std::string group = "g" + std::to_string(version);
        const auto& joined = bench.become_member(group, version);
        CHECK(joined.error_code == ErrorCode::none);
        CHECK(joined.generation_id == 1);
        CHECK(joined.leader == joined.member_id);
        CHECK(joined.protocol_name == "range");
        CHECK(joined.members.size() == 1);
        const std::string member(joined.member_id);
        CHECK(member.starts_with("test-"));
        const auto sync_version = std::min<std::int16_t>(version, 5);
        CHECK(as_text(bench.sync(group, member, 1, sync_version).assignment) == "partitions");
        CHECK(bench.heartbeat(group, member, 1, std::min<std::int16_t>(version, 4)) ==
              ErrorCode::none);
        CHECK(bench.commit(group, member, 1) == ErrorCode::none);
        CHECK(bench.commit(group, member, 0) == ErrorCode::illegal_generation);
        const auto& left = bench.leave(group, member, sync_version);
        CHECK(left.error_code == ErrorCode::none);
        if (sync_version >= 3) {
            REQUIRE(left.members.size() == 1);
            CHECK(left.members[0].error_code == ErrorCode::none);
        }
        CHECK(bench.heartbeat(group, member, 1) == ErrorCode::unknown_member_id);
    }
}

TEST_CASE("groups: a member that joins right after the election waits for the coordinator",
          "[data][groups]") {
    World world(1);
    const PartitionSpec offsets{.topic = kOffsets, .internal = true};
    world.publish(offsets);
    Client& client = world.connect();
    client.send(Bench::joining("g"), 9);
    world.run_for(std::chrono::milliseconds(500));
    CHECK_FALSE(client.has_answer());
    SECTION("that begins in time") {
        world.host(offsets);
        CHECK(client.receive<schema::JoinGroupResponse>(9).error_code ==
              ErrorCode::member_id_required);
    }
    SECTION("but not for long") {
        CHECK(client.receive<schema::JoinGroupResponse>(9).error_code ==
              ErrorCode::not_coordinator);
    }
}

TEST_CASE("groups: a member that leaves nothing but a generation behind goes on from there",
          "[data][groups]") {
    Bench bench;
    const std::string member(bench.become_member("g").member_id);
    CHECK(bench.sync("g", member, 1).error_code == ErrorCode::none);
    CHECK(bench.leave("g", member).error_code == ErrorCode::none);
    CHECK(bench.become_member("g").generation_id == 3);
}

TEST_CASE("groups: a member is removed when its session has expired", "[data][groups]") {
    Bench bench;
    const std::string member(bench.become_member("g").member_id);
    CHECK(bench.sync("g", member, 1).error_code == ErrorCode::none);
    bench.world.run_for(seconds(9));
    CHECK(bench.heartbeat("g", member, 1) == ErrorCode::none);
    bench.world.run_for(seconds(9));
    CHECK(bench.heartbeat("g", member, 1) == ErrorCode::none);
    bench.world.run_for(seconds(11));
    CHECK(bench.heartbeat("g", member, 1) == ErrorCode::unknown_member_id);
    CHECK(bench.list() == std::vector<std::string>{"g Empty"});
}

TEST_CASE("groups: requests that can never succeed are refused", "[data][groups]") {
    Bench bench;
    CHECK(bench.join(*bench.client, bench.joining("")).error_code == ErrorCode::invalid_group_id);
    auto request = bench.joining("g");
    request.session_timeout_ms = Millis(5999);
    CHECK(bench.join(*bench.client, request).error_code == ErrorCode::invalid_session_timeout);
    request.session_timeout_ms = Millis(30 * 60 * 1000 + 1);
    CHECK(bench.join(*bench.client, request).error_code == ErrorCode::invalid_session_timeout);
    CHECK(bench.join(*bench.client, bench.joining("g", "stranger")).error_code ==
          ErrorCode::unknown_member_id);
    CHECK(bench.sync("g", "stranger", 1).error_code == ErrorCode::unknown_member_id);
    CHECK(bench.sync("", "stranger", 1).error_code == ErrorCode::invalid_group_id);
    CHECK(bench.heartbeat("g", "stranger", 1) == ErrorCode::unknown_member_id);
    CHECK(bench.heartbeat("", "stranger", 1) == ErrorCode::invalid_group_id);
    CHECK(bench.leave("g", "stranger").members[0].error_code == ErrorCode::unknown_member_id);
    CHECK(bench.leave("g", "stranger", 2).error_code == ErrorCode::unknown_member_id);
    CHECK(bench.leave("", "stranger").error_code == ErrorCode::invalid_group_id);
    CHECK(bench.remove("g") == ErrorCode::group_id_not_found);
    CHECK(bench.remove("") == ErrorCode::group_id_not_found);
    CHECK(bench.list().empty());
}

TEST_CASE("groups: a caller needs permissions", "[data][groups]") {
    Bench bench;
    const Resource group{ResourceType::group, "g"};
    for (const Operation operation : {Operation::read, Operation::remove, Operation::describe}) {
        bench.world.forbid(operation, group);
    }
    constexpr ErrorCode kDenied = ErrorCode::group_authorization_failed;
    CHECK(bench.join(*bench.client, bench.joining("g")).error_code == kDenied);
    CHECK(bench.sync("g", "m", 1).error_code == kDenied);
    CHECK(bench.heartbeat("g", "m", 1) == kDenied);
    CHECK(bench.leave("g", "m").error_code == kDenied);
    CHECK(bench.describe("g").error_code == kDenied);
    CHECK(bench.remove("g") == kDenied);
    bench.world.forbid(Operation::describe, kCluster);
    CHECK(bench.commit("h", "", -1) == ErrorCode::none);
    bench.world.forbid(Operation::describe, {ResourceType::group, "h"});
    CHECK(bench.list().empty());
}

TEST_CASE("groups: a group is described with its members, and listed", "[data][groups]") {
    Bench bench;
    const std::string member(bench.become_member("g").member_id);
    CHECK(bench.describe("g").group_state == "CompletingRebalance");
    CHECK(bench.describe("g").members[0].member_metadata.empty());
    CHECK(bench.sync("g", member, 1).error_code == ErrorCode::none);
    CHECK(bench.commit("offsets-only", "", -1) == ErrorCode::none);
    for (std::int16_t version = 0; version <= 6; ++version) {
        INFO("version " << version);
        const auto& group = bench.describe("g", version);
        CHECK(group.error_code == ErrorCode::none);
        CHECK(group.group_state == "Stable");
        CHECK(group.protocol_type == "consumer");
        CHECK(group.protocol_data == "range");
        REQUIRE(group.members.size() == 1);
        CHECK(group.members[0].member_id == member);
        CHECK(group.members[0].client_id == "test");
        CHECK_FALSE(group.members[0].client_host.empty());
        CHECK(as_text(group.members[0].member_metadata) == "topics");
        CHECK(as_text(group.members[0].member_assignment) == "partitions");
        const auto& missing = bench.describe("none", version);
        CHECK(missing.group_state == "Dead");
        CHECK(missing.error_code ==
              (version < 6 ? ErrorCode::none : ErrorCode::group_id_not_found));
    }
    CHECK(bench.describe("offsets-only").group_state == "Empty");
    CHECK(bench.list() == std::vector<std::string>{"g Stable", "offsets-only Empty"});
    CHECK(bench.list({"stable"}) == std::vector<std::string>{"g Stable"});
    CHECK(bench.list({"Dead"}).empty());
    CHECK(bench.list({}, 0) == std::vector<std::string>{"g ", "offsets-only "});
}

TEST_CASE(
    "groups: a group without members is deleted with its offsets, and one with members is not",
    "[data][groups]") {
    Bench bench;
    const std::string member(bench.become_member("g").member_id);
    CHECK(bench.sync("g", member, 1).error_code == ErrorCode::none);
    CHECK(bench.commit("g", member, 1) == ErrorCode::none);
    CHECK(bench.remove("g") == ErrorCode::non_empty_group);
    CHECK(bench.leave("g", member).error_code == ErrorCode::none);
    CHECK(bench.remove("g") == ErrorCode::none);
    CHECK(bench.list().empty());
    CHECK(bench.remove("g") == ErrorCode::group_id_not_found);
}

TEST_CASE("groups: a member that waits is told when its coordinator has lost the leadership",
          "[data][groups]") {
    Bench bench;
    const std::string member(bench.become_member("g").member_id);
    CHECK(bench.sync("g", member, 1).error_code == ErrorCode::none);
    Client& other = bench.world.connect(1);
    other.send(bench.joining("g"), 3);
    bench.world.run_for(seconds(1));
    CHECK(bench.heartbeat("g", member, 1) == ErrorCode::rebalance_in_progress);
    const std::vector<BrokerId> both{kSelf, kOther};
    bench.world.enter(kOffsets, [&](replication::PartitionReplica& replica) {
        replica.become_follower({LeaderEpoch(6), PartitionEpoch(6), both, both}, kOther);
    });
    CHECK(other.receive<schema::JoinGroupResponse>(3).error_code == ErrorCode::not_coordinator);
    CHECK(bench.heartbeat("g", member, 1) == ErrorCode::not_coordinator);
    bench.world.enter(kOffsets, [&](replication::PartitionReplica& replica) {
        replica.become_leader({LeaderEpoch(7), PartitionEpoch(7), {kSelf}, {kSelf}});
    });
    bench.world.run_for(seconds(1));
    // The generation that the log has goes on, and the rebalance is forgotten.
    CHECK(bench.heartbeat("g", member, 1) == ErrorCode::none);
    CHECK(as_text(bench.sync("g", member, 1).assignment) == "partitions");
    bench.world.run_for(seconds(11));
    CHECK(bench.heartbeat("g", member, 1) == ErrorCode::unknown_member_id);
}

TEST_CASE("groups: a request that waits for others ends with its connection", "[data][groups]") {
    Bench bench;
    const std::string member(bench.become_member("g").member_id);
    CHECK(bench.sync("g", member, 1).error_code == ErrorCode::none);
    Client& other = bench.world.connect(1);
    other.send(bench.joining("g"), 3);
    bench.world.run_for(seconds(1));
    DelayedRequests& delayed = bench.world.shards[1]->delayed;
    CHECK(delayed.size() == 1);
    other.close();
    bench.world.run_for(seconds(1));
    CHECK(delayed.size() == 0);
}

TEST_CASE("groups: a name of any length makes an id that fits in records", "[data][groups]") {
    Bench bench;
    std::string name;
    for (int i = 0; i < 10'000; ++i) {
        name += "\u20ac";  // three bytes
    }
    bench.client->send_as(bench.joining("g"), 3, name);
    const auto& joined = bench.client->receive<schema::JoinGroupResponse>(3);
    CHECK(joined.error_code == ErrorCode::none);
    const std::string member(joined.member_id);
    CHECK(member.size() < 300);
    CHECK(member.starts_with("\u20ac\u20ac"));
    CHECK(member.find("\u20ac-") != std::string::npos);
    CHECK(bench.sync("g", member, 1).error_code == ErrorCode::none);
    CHECK(bench.describe("g").members[0].client_id == name);
}

TEST_CASE("groups: a protocol that is named twice counts once", "[data][groups]") {
    Bench bench;
    const std::array twice{
        schema::JoinGroupRequest::Protocol{"range", as_bytes(std::string_view("topics"))},
        schema::JoinGroupRequest::Protocol{"range", as_bytes(std::string_view("others"))}};
    auto request = bench.joining("g");
    request.protocols = twice;
    CHECK(bench.join(*bench.client, request, 3).protocol_name == "range");
}

TEST_CASE("groups: a request that names a large group many times is refused", "[data][groups]") {
    Bench bench;
    const std::string metadata(std::size_t{1} << 19, 'x');
    const std::array protocols{schema::JoinGroupRequest::Protocol{"range", as_bytes(metadata)}};
    auto request = bench.joining("g");
    request.protocols = protocols;
    const std::string member(bench.join(*bench.client, request, 3).member_id);
    CHECK(bench.sync("g", member, 1).error_code == ErrorCode::none);
    const std::vector<std::string_view> names(1000, "g");
    schema::DescribeGroupsRequest describe;
    describe.groups = names;
    bench.client->send(describe, 5);
    bench.world.run_for(seconds(1));
    CHECK(bench.client->ended());
}

}  // namespace
}  // namespace hw::broker
