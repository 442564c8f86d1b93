#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "controller/image/features.h"
#include "protocol/schema/api/consumer_group_describe.h"
#include "protocol/schema/api/consumer_group_heartbeat.h"
#include "protocol/schema/api/delete_groups.h"
#include "protocol/schema/api/describe_groups.h"
#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/list_groups.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/offset_fetch.h"
#include "protocol/schema/api/sync_group.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using std::chrono::seconds;
using wire::ErrorCode;
using Beat = schema::ConsumerGroupHeartbeatRequest;
using Answer = schema::ConsumerGroupHeartbeatResponse;

/// A server that coordinates all groups, with topic "t" of one partition.
struct Bench {
    Bench() {
        world.add({});
        world.add({.topic = "__consumer_offsets", .internal = true});
        client = &world.connect();
    }

    void set_configs(const controller::ConfigValues& values) {
        auto next = std::make_shared<controller::MetadataImage>(*world.image);
        next->set_configs({controller::ConfigResourceType::group, "g"}, values);
        next->set_position(next->last_offset() + 1, LeaderEpoch(1));
        world.publish(next);
    }
    const Answer& beat(const Beat& request, std::int16_t version = 1) {
        return client->ask<Answer>(request, version);
    }
    /// Joins group "g" as member "m".
    const Answer& join() { return beat(joining()); }
    static Beat joining() {
        static const std::array<std::string_view, 1> kTopics{"t"};
        Beat request{.group_id = "g"};
        request.member_id = "m";
        request.rebalance_timeout_ms = Millis(60'000);
        request.subscribed_topic_names = kTopics;
        request.topic_partitions = wire::Array<Beat::TopicPartitions>();
        return request;
    }
    static Beat alive(std::int32_t epoch, std::string_view member = "m") {
        Beat request{.group_id = "g"};
        request.member_id = member;
        request.member_epoch = epoch;
        return request;
    }
    ErrorCode commit(std::int32_t epoch, std::string_view member = "m") {
        const schema::OffsetCommitRequest::Partition partition{.partition_index = PartitionIndex(0),
                                                               .committed_offset = Offset(1),
                                                               .committed_metadata = ""};
        const schema::OffsetCommitRequest::Topic topic{.name = "t", .partitions = {&partition, 1}};
        schema::OffsetCommitRequest request{
            .group_id = "g", .generation_id_or_member_epoch = epoch, .member_id = member};
        request.topics = {&topic, 1};
        return client->ask<schema::OffsetCommitResponse>(request, 9)
            .topics[0]
            .partitions[0]
            .error_code;
    }
    ErrorCode fetch(std::int32_t epoch, std::string_view member = "m") {
        schema::OffsetFetchRequest::Group group{.group_id = "g"};
        group.member_id = member;
        group.member_epoch = epoch;
        group.topics = wire::Array<schema::OffsetFetchRequest::Topic>::null();
        schema::OffsetFetchRequest request;
        request.groups = {&group, 1};
        return client->ask<schema::OffsetFetchResponse>(request, 9).groups[0].error_code;
    }
    const schema::ConsumerGroupDescribeResponse::Group& describe(std::string_view group = "g") {
        schema::ConsumerGroupDescribeRequest request;
        request.group_ids = {&group, 1};
        const auto& answer = client->ask<schema::ConsumerGroupDescribeResponse>(request, 1);
        REQUIRE(answer.groups.size() == 1);
        return answer.groups[0];
    }
    const schema::JoinGroupResponse& join_classic(std::string_view member = "") {
        // A subscription of version 0 to topic "t".
        static constexpr std::string_view kSubscription("\0\0\0\0\0\1\0\1t\xff\xff\xff\xff", 13);
        static const std::array protocols{
            schema::JoinGroupRequest::Protocol{"range", as_bytes(kSubscription)}};
        schema::JoinGroupRequest request{.group_id = "g",
                                         .session_timeout_ms = Millis(10'000),
                                         .rebalance_timeout_ms = Millis(60'000)};
        request.member_id = member;
        request.protocol_type = "consumer";
        request.protocols = protocols;
        return client->ask<schema::JoinGroupResponse>(request, 9);
    }
    const schema::SyncGroupResponse& sync_classic(std::string_view member, std::int32_t epoch) {
        schema::SyncGroupRequest request{
            .group_id = "g", .generation_id = epoch, .member_id = member};
        request.protocol_type = "consumer";
        request.protocol_name = "range";
        return client->ask<schema::SyncGroupResponse>(request, 5);
    }
    ErrorCode beat_classic(std::string_view member, std::int32_t epoch) {
        schema::HeartbeatRequest request{
            .group_id = "g", .generation_id = epoch, .member_id = member};
        return client->ask<schema::HeartbeatResponse>(request, 4).error_code;
    }

    World world{1};
    Client* client = nullptr;
};

TEST_CASE("consumer groups: a member joins, stays, commits, reads and leaves", "[data][groups]") {
    Bench bench;
    const Answer& joined = bench.join();
    CHECK(joined.error_code == ErrorCode::none);
    CHECK(joined.member_id == "m");
    CHECK(joined.member_epoch == 1);
    CHECK(joined.heartbeat_interval_ms == Millis(500));
    REQUIRE(joined.assignment != nullptr);
    REQUIRE(joined.assignment->topic_partitions.size() == 1);
    CHECK(joined.assignment->topic_partitions[0].topic_id == bench.world.id_of("t"));
    CHECK(joined.assignment->topic_partitions[0].partitions.size() == 1);

    const Answer& stays = bench.beat(Bench::alive(1));
    CHECK(stays.error_code == ErrorCode::none);
    CHECK(stays.heartbeat_interval_ms == Millis(1000));
    CHECK(stays.assignment == nullptr);

    CHECK(bench.commit(1) == ErrorCode::none);
    CHECK(bench.commit(2) == ErrorCode::stale_member_epoch);
    CHECK(bench.commit(1, "x") == ErrorCode::unknown_member_id);
    CHECK(bench.commit(-1, "") == ErrorCode::unknown_member_id);
    CHECK(bench.fetch(1) == ErrorCode::none);
    CHECK(bench.fetch(0) == ErrorCode::stale_member_epoch);
    CHECK(bench.fetch(1, "x") == ErrorCode::unknown_member_id);
    CHECK(bench.fetch(-1, "") == ErrorCode::none);

    CHECK(bench.beat(Bench::alive(-1)).error_code == ErrorCode::none);
    CHECK(bench.beat(Bench::alive(1)).error_code == ErrorCode::unknown_member_id);
    CHECK(bench.commit(-1, "") == ErrorCode::none);
}

TEST_CASE("consumer groups: a member of version 0 is given an id", "[data][groups]") {
    Bench bench;
    Beat request = Bench::joining();
    request.member_id = "";
    const Answer& joined = bench.beat(request, 0);
    CHECK(joined.error_code == ErrorCode::none);
    CHECK_FALSE(joined.member_id.empty());
    const std::string id(joined.member_id);
    CHECK(bench.beat(Bench::alive(1, id), 0).error_code == ErrorCode::none);
    CHECK(bench.beat(request, 1).error_code == ErrorCode::invalid_request);
}

TEST_CASE("consumer groups: a silent member is removed", "[data][groups]") {
    Bench bench;
    REQUIRE(bench.join().error_code == ErrorCode::none);
    bench.world.run_for(seconds(44));
    CHECK(bench.beat(Bench::alive(1)).error_code == ErrorCode::none);
    bench.world.run_for(seconds(46));
    CHECK(bench.beat(Bench::alive(1)).error_code == ErrorCode::unknown_member_id);
    CHECK(bench.describe().group_state == "Empty");
}

TEST_CASE("consumer groups: a running member gets the times that are set for its group",
          "[data][groups]") {
    Bench bench;
    bench.join();
    REQUIRE(bench.beat(Bench::alive(1)).heartbeat_interval_ms == Millis(1000));
    bench.set_configs(
        {{"consumer.heartbeat.interval.ms", "2500"}, {"consumer.session.timeout.ms", "6000"}});
    CHECK(bench.beat(Bench::alive(1)).heartbeat_interval_ms == Millis(2500));
    bench.world.run_for(seconds(5));
    CHECK(bench.beat(Bench::alive(1)).error_code == ErrorCode::none);
    bench.world.run_for(seconds(7));
    CHECK(bench.beat(Bench::alive(1)).error_code == ErrorCode::unknown_member_id);
}

TEST_CASE(
    "consumer groups: a new coordinator gives members the sessions that are set for the group",
    "[data][groups]") {
    Bench bench;
    bench.set_configs({{"consumer.session.timeout.ms", "60000"}});
    bench.join();
    bench.world.enter("__consumer_offsets", [](replication::PartitionReplica& replica) {
        const std::vector both{kSelf, kOther};
        replica.become_follower({LeaderEpoch(6), PartitionEpoch(6), both, both}, kOther);
    });
    bench.world.enter("__consumer_offsets", [](replication::PartitionReplica& replica) {
        replica.become_leader({LeaderEpoch(7), PartitionEpoch(7), {kSelf}, {kSelf}});
    });
    bench.world.run_for(seconds(59));
    CHECK(bench.beat(Bench::alive(1)).error_code == ErrorCode::none);
}

TEST_CASE("consumer groups: wrong heartbeats are refused with the reason", "[data][groups]") {
    Bench bench;
    const auto refused = [&](const Beat& request, ErrorCode code, std::string_view reason) {
        const Answer& answer = bench.beat(request);
        CHECK(answer.error_code == code);
        CHECK(answer.error_message.find(reason) != std::string_view::npos);
    };
    Beat request = Bench::joining();
    request.group_id = "";
    refused(request, ErrorCode::invalid_request, "GroupId");
    request = Bench::joining();
    request.instance_id = "";
    refused(request, ErrorCode::invalid_request, "InstanceId");
    request = Bench::joining();
    request.rack_id = "";
    refused(request, ErrorCode::invalid_request, "RackId");
    request = Bench::joining();
    request.rebalance_timeout_ms = Millis(-1);
    refused(request, ErrorCode::invalid_request, "RebalanceTimeoutMs");
    request = Bench::joining();
    request.topic_partitions = wire::Array<Beat::TopicPartitions>::null();
    refused(request, ErrorCode::invalid_request, "TopicPartitions");
    request = Bench::joining();
    request.subscribed_topic_names = wire::Array<std::string_view>::null();
    refused(request, ErrorCode::invalid_request, "SubscribedTopicNames");
    request = Bench::joining();
    request.server_assignor = "best";
    refused(request, ErrorCode::unsupported_assignor, "uniform, range");
    request = Bench::joining();
    request.subscribed_topic_regex = "(";
    refused(request, ErrorCode::invalid_regular_expression, "RE2");
    refused(Bench::alive(-3), ErrorCode::invalid_request, "-3");
    refused(Bench::alive(-2), ErrorCode::invalid_request, "InstanceId");
    refused(Bench::alive(1), ErrorCode::unknown_member_id, "m");
    bench.join();
    refused(Bench::alive(7), ErrorCode::fenced_member_epoch, "(7)");
}

TEST_CASE("consumer groups: a cluster without group.version says what to do", "[data][groups]") {
    Bench bench;
    auto next = std::make_shared<controller::MetadataImage>(*bench.world.image);
    next->set_feature(controller::kGroupVersionFeature, 0);
    bench.world.publish(next);
    const Answer& answer = bench.join();
    CHECK(answer.error_code == ErrorCode::unsupported_version);
    CHECK(answer.error_message.find("hw cluster features") != std::string_view::npos);
}

TEST_CASE("consumer groups: a group is described and listed with its type", "[data][groups]") {
    Bench bench;
    bench.join();
    const auto& group = bench.describe();
    CHECK(group.error_code == ErrorCode::none);
    CHECK(group.group_state == "Stable");
    CHECK(group.group_epoch == 1);
    CHECK(group.assignment_epoch == 1);
    CHECK(group.assignor_name == "uniform");
    REQUIRE(group.members.size() == 1);
    const auto& member = group.members[0];
    CHECK(member.member_id == "m");
    CHECK(member.member_epoch == 1);
    CHECK(member.client_id == "test");
    CHECK(member.subscribed_topic_names[0] == "t");
    CHECK(member.assignment.topic_partitions[0].topic_name == "t");
    CHECK(member.target_assignment.topic_partitions[0].topic_name == "t");
    CHECK(member.member_type == 1);
    CHECK(bench.describe("x").error_code == ErrorCode::group_id_not_found);

    const auto& listed =
        bench.client->ask<schema::ListGroupsResponse>(schema::ListGroupsRequest(), 5);
    REQUIRE(listed.groups.size() == 1);
    CHECK(listed.groups[0].group_type == "consumer");
    CHECK(listed.groups[0].protocol_type == "consumer");
    CHECK(listed.groups[0].group_state == "Stable");

    const std::string_view name = "g";
    schema::DescribeGroupsRequest classic;
    classic.groups = {&name, 1};
    const auto& described = bench.client->ask<schema::DescribeGroupsResponse>(classic, 6);
    CHECK(described.groups[0].error_code == ErrorCode::group_id_not_found);
}

TEST_CASE("consumer groups: an empty group takes members of the other protocol", "[data][groups]") {
    Bench bench;
    bench.join();
    bench.beat(Bench::alive(-1));
    CHECK(bench.commit(-1, "") == ErrorCode::none);
    CHECK(bench.join_classic().error_code == ErrorCode::member_id_required);
    CHECK(bench.describe().error_code == ErrorCode::group_id_not_found);
    CHECK(bench.join().member_epoch == 3);
    CHECK(bench.fetch(-1, "") == ErrorCode::none);
}

TEST_CASE("consumer groups: members of both protocols share a group", "[data][groups]") {
    Bench bench;
    bench.join();
    const std::string member(bench.join_classic().member_id);
    const schema::JoinGroupResponse& joined = bench.join_classic(member);
    CHECK(joined.error_code == ErrorCode::none);
    CHECK(joined.generation_id == 2);
    CHECK(joined.protocol_name == "range");
    const schema::SyncGroupResponse& synced = bench.sync_classic(member, 2);
    CHECK(synced.error_code == ErrorCode::none);
    CHECK(as_text(synced.assignment) ==
          std::string_view("\0\0\0\0\0\0\xff\xff\xff\xff", 10));  // nothing is left for it
    CHECK(bench.beat_classic(member, 2) == ErrorCode::none);
    CHECK(bench.beat_classic(member, 1) == ErrorCode::illegal_generation);
    bench.beat(Bench::alive(1));
    const auto& described = bench.describe();
    REQUIRE(described.members.size() == 2);
    const bool is_first = described.members[0].member_id == member;
    CHECK(described.members[is_first ? 0 : 1].member_type == 0);
    CHECK(described.members[is_first ? 1 : 0].member_type == 1);

    bench.beat(Bench::alive(-1));
    bench.world.run_for(seconds(1));
    CHECK(bench.describe().error_code == ErrorCode::group_id_not_found);
    CHECK(bench.beat_classic(member, 2) == ErrorCode::rebalance_in_progress);
    CHECK(bench.join_classic(member).leader == member);
    CHECK(bench.join().error_code == ErrorCode::none);
    CHECK(bench.describe().error_code == ErrorCode::none);
}

TEST_CASE("consumer groups: only an empty group is deleted", "[data][groups]") {
    Bench bench;
    bench.join();
    const std::string_view name = "g";
    schema::DeleteGroupsRequest request;
    request.groups_names = {&name, 1};
    const auto remove = [&] {
        return bench.client->ask<schema::DeleteGroupsResponse>(request, 2).results[0].error_code;
    };
    CHECK(remove() == ErrorCode::non_empty_group);
    bench.beat(Bench::alive(-1));
    CHECK(remove() == ErrorCode::none);
    CHECK(bench.describe().error_code == ErrorCode::group_id_not_found);
    CHECK(bench.join().member_epoch == 1);
}

}  // namespace
}  // namespace hw::broker
