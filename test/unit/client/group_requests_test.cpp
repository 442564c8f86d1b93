#include "tools/client/group_requests.h"

#include <array>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/find_coordinator.h"
#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/leave_group.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/sync_group.h"
#include "protocol/schema/consumer_protocol.h"
#include "test/support/scripted_broker.h"

namespace hw::client {
namespace {

using schema::ApiKey;
using wire::ErrorCode;

const MemberName kMember{.group = "billing", .member = "m", .generation = 7};

/// Broker 1, which coordinates all groups, and answers other requests by `answer`.
struct Coordinator {
    using Answer = std::function<std::string(const ScriptedRequest&)>;

    explicit Coordinator(Answer answer_of_others, Milliseconds timeout = Milliseconds(15000))
        : others(std::move(answer_of_others)),
          client(Client::connect({.servers = {broker.address()}, .timeout = timeout})) {
        REQUIRE(client);
    }
    std::string answer(const ScriptedRequest& request, const config::Address& address) {
        if (request.header.request_api_key == ApiKey::metadata) {
            return metadata_answer(request, address, ErrorCode::none, {});
        }
        if (request.header.request_api_key != ApiKey::find_coordinator) {
            return others(request);
        }
        ++lookups;
        const std::array found{schema::FindCoordinatorResponse::Coordinator{
            .key = "billing", .node_id = BrokerId(1), .host = address.host, .port = address.port}};
        schema::FindCoordinatorResponse response;
        response.coordinators = found;
        return request.answer(response);
    }

    Answer others;
    int lookups = 0;
    ScriptedBroker broker{[this](const ScriptedRequest& request, const config::Address& address) {
        return answer(request, address);
    }};
    Result<Client> client;
};

TEST_CASE("group requests: a member joins as a consumer with the range assignor",
          "[client][group]") {
    std::vector<std::string> asked;
    Coordinator coordinator([&](const ScriptedRequest& request) {
        Arena arena(1 << 16);
        const auto join = request.decoded<schema::JoinGroupRequest>(arena);
        const auto wanted = schema::decode_subscription(join.protocols[0].metadata, arena);
        asked = {std::string(join.group_id), std::string(join.member_id),
                 std::string(join.protocol_type), std::string(join.protocols[0].name),
                 std::string(wanted.value().subscription.topics[0])};
        CHECK(join.session_timeout_ms == Millis(30'000));
        const std::array members{
            schema::JoinGroupResponse::Member{.member_id = "m",
                                              .metadata = join.protocols[0].metadata},
            schema::JoinGroupResponse::Member{.member_id = "n",
                                              .group_instance_id = "i",
                                              .metadata = join.protocols[0].metadata}};
        schema::JoinGroupResponse response;
        response.generation_id = 8;
        response.member_id = "m";
        response.members = members;
        return request.answer(response);
    });
    const auto joined =
        join_group(*coordinator.client, kMember, "orders", std::chrono::seconds(30));
    REQUIRE(joined);
    CHECK(asked == std::vector<std::string>{"billing", "m", "consumer", "range", "orders"});
    CHECK(joined->generation == 8);
    REQUIRE(joined->members.size() == 2);
    CHECK(joined->members[0].topics == std::vector<std::string>{"orders"});
    CHECK_FALSE(joined->members[0].instance);
    CHECK(joined->members[1].instance == "i");
}

TEST_CASE("group requests: the leader sends the assignment, and each member gets its own",
          "[client][group]") {
    Coordinator coordinator([&](const ScriptedRequest& request) {
        Arena arena(1 << 16);
        const auto sync = request.decoded<schema::SyncGroupRequest>(arena);
        REQUIRE(sync.assignments.size() == 2);
        CHECK(sync.generation_id == 7);
        CHECK(sync.protocol_name == "range");
        schema::SyncGroupResponse response;
        response.assignment = sync.assignments[1].assignment;
        return request.answer(response);
    });
    const std::map<std::string, std::vector<PartitionName>> assignment{
        {"a", {{"t", PartitionIndex(0)}}},
        {"m", {{"t", PartitionIndex(1)}, {"u", PartitionIndex(3)}}}};
    const auto synced = sync_group(*coordinator.client, kMember, assignment);
    REQUIRE(synced);
    REQUIRE(synced->assigned.size() == 2);
    CHECK(to_string(synced->assigned[0]) == "t-1");
    CHECK(to_string(synced->assigned[1]) == "u-3");
}

TEST_CASE("group requests: an assignment without bytes has no partitions", "[client][group]") {
    Coordinator coordinator(
        [](const ScriptedRequest& request) { return request.answer(schema::SyncGroupResponse()); });
    const auto synced = sync_group(*coordinator.client, kMember, {});
    REQUIRE(synced);
    CHECK(synced->assigned.empty());
}

TEST_CASE("group requests: a coordinator that has moved is looked up again", "[client][group]") {
    int asked = 0;
    Coordinator coordinator([&](const ScriptedRequest& request) {
        constexpr std::array kCodes{ErrorCode::not_coordinator,
                                    ErrorCode::coordinator_load_in_progress, ErrorCode::none};
        schema::HeartbeatResponse response;
        response.error_code = kCodes.at(static_cast<std::size_t>(asked++));
        return request.answer(response);
    });
    CHECK(send_heartbeat(*coordinator.client, kMember) == ErrorCode::none);
    CHECK(asked == 3);
    CHECK(coordinator.lookups == 3);
}

TEST_CASE("group requests: what the member reacts to is a code, not an error", "[client][group]") {
    Coordinator coordinator([](const ScriptedRequest& request) {
        schema::HeartbeatResponse response;
        response.error_code = ErrorCode::rebalance_in_progress;
        return request.answer(response);
    });
    CHECK(send_heartbeat(*coordinator.client, kMember) == ErrorCode::rebalance_in_progress);
    CHECK(coordinator.lookups == 1);
}

TEST_CASE("group requests: a commit names the member and its generation", "[client][group]") {
    Coordinator coordinator([](const ScriptedRequest& request) {
        Arena arena(1 << 16);
        const auto commit = request.decoded<schema::OffsetCommitRequest>(arena);
        CHECK(commit.member_id == "m");
        CHECK(commit.generation_id_or_member_epoch == 7);
        CHECK(commit.topics[0].name == "orders");
        CHECK(commit.topics[0].partitions[1].committed_offset == Offset(9));
        const std::array partitions{
            schema::OffsetCommitResponse::Partition{.partition_index = PartitionIndex(0)},
            schema::OffsetCommitResponse::Partition{.partition_index = PartitionIndex(1),
                                                    .error_code = ErrorCode::illegal_generation}};
        const std::array topics{
            schema::OffsetCommitResponse::Topic{.name = "orders", .partitions = partitions}};
        schema::OffsetCommitResponse response;
        response.topics = topics;
        return request.answer(response);
    });
    CHECK(commit_positions(*coordinator.client, kMember, "orders",
                           {{PartitionIndex(0), Offset(4)}, {PartitionIndex(1), Offset(9)}}) ==
          ErrorCode::illegal_generation);
}

TEST_CASE("group requests: a member leaves by its id", "[client][group]") {
    std::string left;
    Coordinator coordinator([&](const ScriptedRequest& request) {
        Arena arena(1 << 16);
        left = request.decoded<schema::LeaveGroupRequest>(arena).members[0].member_id;
        return request.answer(schema::LeaveGroupResponse());
    });
    CHECK(leave_group(*coordinator.client, kMember));
    CHECK(left == "m");
}

TEST_CASE("group requests: without a coordinator it gives up after the timeout",
          "[client][group]") {
    Coordinator coordinator(
        [](const ScriptedRequest& request) {
            schema::HeartbeatResponse response;
            response.error_code = ErrorCode::coordinator_not_available;
            return request.answer(response);
        },
        Milliseconds(50));
    const auto sent = send_heartbeat(*coordinator.client, kMember);
    REQUIRE_FALSE(sent);
    CHECK(sent.error().message ==
          "group 'billing': COORDINATOR_NOT_AVAILABLE; given up after 50 ms (--timeout)");
}

}  // namespace
}  // namespace hw::client
