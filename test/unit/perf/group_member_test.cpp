#include "tools/perf/group_member.h"

#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/consumer_group_heartbeat.h"
#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/leave_group.h"
#include "protocol/schema/api/sync_group.h"
#include "protocol/schema/consumer_protocol.h"
#include "test/support/wire_client.h"
#include "tools/client/group_codec.h"
#include "tools/perf/classic_member.h"
#include "tools/perf/consumer_member.h"

namespace hw::perf {
namespace {

using client::Milliseconds;
using wire::ErrorCode;

constexpr SteadyTime kStart{};
constexpr GroupVersions kVersions{.join = ApiVersion(9),
                                  .sync = ApiVersion(5),
                                  .heartbeat = ApiVersion(4),
                                  .leave = ApiVersion(5),
                                  .consumer_heartbeat = ApiVersion(1)};
const TopicId kTopicId{Uuid{4, 2}};

/// A group whose coordinator is the test.
struct Fixture {
    GroupPlan plan{.topic = "orders",
                   .topic_id = kTopicId,
                   .partitions = 4,
                   .versions = kVersions,
                   .session = Milliseconds(10'000),
                   .heartbeat = Milliseconds(3'000),
                   .rebalance_max = Milliseconds(60'000)};
    GroupTally tally;
    GroupContext group{
        .name = "billing", .plan = plan, .tally = tally, .owners = PartitionOwners(4)};
};

std::vector<PartitionIndex> indexes(const std::vector<std::int32_t>& numbers) {
    std::vector<PartitionIndex> indexes;
    for (const std::int32_t number : numbers) {
        indexes.emplace_back(number);
    }
    return indexes;
}

/// The next request of a member, and its name in the protocol.
template <class Request>
struct Sent {
    Sent(GroupMember& member, SteadyTime now, ApiVersion version) {
        REQUIRE(member.due() <= now);
        auto made = member.next_request(now);
        REQUIRE(made);
        frame = std::move(*made);
        wire::Reader reader(ByteView(frame.head).subspan(sizeof(std::int32_t)), arena);
        schema::RequestHeader header;
        const schema::ApiInfo& api = *schema::find_api(Request::kKey);
        decode(reader, api.request_header_version(version), header);
        REQUIRE(header.request_api_key == Request::kKey);
        decode(reader, version, request);
        REQUIRE(reader.finish());
        CHECK(member.due() == GroupMember::kNever);
    }

    RequestFrame frame;
    Arena arena{1 << 20};
    Request request;
};

template <class Response>
void answer(GroupMember& member, const Response& response, ApiVersion version, SteadyTime now) {
    std::string bytes;
    const schema::ApiInfo& api = *schema::find_api(Response::kKey);
    test::append(bytes, *wire::encode_message(schema::ResponseHeader{CorrelationId(0)},
                                              api.response_header_version(version)));
    test::append(bytes, *wire::encode_message(response, version));
    const auto taken = member.on_answer(as_bytes(bytes), now);
    CAPTURE(taken ? "" : taken.error().message);
    REQUIRE(taken);
}

// --- Owners

TEST_CASE("perf owners: they are complete when each partition has one", "[perf]") {
    PartitionOwners owners(2);
    CHECK_FALSE(owners.is_complete());
    CHECK_FALSE(owners.take(0, PartitionIndex(0)));
    CHECK_FALSE(owners.take(1, PartitionIndex(1)));
    CHECK(owners.is_complete());
    owners.release(1, PartitionIndex(1));
    CHECK_FALSE(owners.is_complete());
}

TEST_CASE("perf owners: taking what another member has is an overlap", "[perf]") {
    PartitionOwners owners(1);
    CHECK_FALSE(owners.take(0, PartitionIndex(0)));
    CHECK_FALSE(owners.take(0, PartitionIndex(0)));
    CHECK(owners.take(1, PartitionIndex(0)));
    owners.release(0, PartitionIndex(0));
    CHECK(owners.is_complete());
}

// --- Consumer protocol

using Beat = schema::ConsumerGroupHeartbeatRequest;
using BeatAnswer = schema::ConsumerGroupHeartbeatResponse;

/// A member of the consumer protocol and its coordinator.
struct Consumer : Fixture {
    ConsumerMember member{group, 0, "m"};

    Sent<Beat> sent(SteadyTime now) { return {member, now, kVersions.consumer_heartbeat}; }
    void answers(const BeatAnswer& beat, SteadyTime now) {
        answer(member, beat, kVersions.consumer_heartbeat, now);
    }
    /// Answers with the epoch, and with an assignment.
    void assigns(std::int32_t epoch, const std::vector<std::int32_t>& partitions, SteadyTime now) {
        const auto assigned = indexes(partitions);
        const BeatAnswer::TopicPartitions topic{.topic_id = kTopicId, .partitions = assigned};
        BeatAnswer::Assignment assignment;
        if (!partitions.empty()) {
            assignment.topic_partitions = {&topic, 1};
        }
        answers({.member_id = "m",
                 .member_epoch = epoch,
                 .heartbeat_interval_ms = Millis(500),
                 .assignment = &assignment},
                now);
    }
    /// Answers with the epoch only.
    void confirms(std::int32_t epoch, SteadyTime now) {
        answers({.member_id = "m", .member_epoch = epoch, .heartbeat_interval_ms = Millis(500)},
                now);
    }
};

TEST_CASE("perf consumer member: it joins with all fields and an id of its own", "[perf]") {
    Consumer fixture;
    CHECK(fixture.member.due() == GroupMember::kNever);
    fixture.member.start(kStart);
    const auto join = fixture.sent(kStart);
    CHECK(join.request.group_id == "billing");
    CHECK(join.request.member_id == "m");
    CHECK(join.request.member_epoch == 0);
    CHECK(join.request.rebalance_timeout_ms == Millis(60'000));
    REQUIRE(join.request.subscribed_topic_names.size() == 1);
    CHECK(join.request.subscribed_topic_names[0] == "orders");
    CHECK(wire::is_empty(join.request.topic_partitions));
    CHECK(fixture.member.joined_at() == kStart);
}

TEST_CASE("perf consumer member: it acknowledges a changed assignment at once, with what it has",
          "[perf]") {
    Consumer fixture;
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    fixture.assigns(3, {2, 0}, kStart);
    CHECK_FALSE(fixture.member.is_settled());
    const auto beat = fixture.sent(kStart);
    CHECK(beat.request.member_epoch == 3);
    CHECK(beat.request.rebalance_timeout_ms == Millis(-1));
    CHECK(beat.request.subscribed_topic_names.is_null());
    REQUIRE(beat.request.topic_partitions.size() == 1);
    const wire::Array<PartitionIndex> owned = beat.request.topic_partitions[0].partitions;
    CHECK(std::vector(owned.begin(), owned.end()) == indexes({0, 2}));
    fixture.confirms(3, kStart);
    CHECK(fixture.member.is_settled());
}

TEST_CASE("perf consumer member: heartbeats say nothing else, at the interval of the answer",
          "[perf]") {
    Consumer fixture;
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    fixture.confirms(1, kStart + Milliseconds(20));
    CHECK(fixture.member.due() == kStart + Milliseconds(500));
    const auto beat = fixture.sent(kStart + Milliseconds(500));
    CHECK(beat.request.topic_partitions.is_null());
    CHECK(fixture.tally.late == 0);
    fixture.confirms(1, kStart + Milliseconds(520));
    std::ignore = fixture.sent(kStart + Milliseconds(1051));
    CHECK(fixture.tally.late == 1);
    CHECK(fixture.tally.heartbeats == 2);
    CHECK(fixture.tally.latency.max() == Milliseconds(20));
}

TEST_CASE("perf consumer member: it gives up what is not in its assignment, and says so",
          "[perf]") {
    Consumer fixture;
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    fixture.assigns(1, {0, 1, 2, 3}, kStart);
    CHECK(fixture.group.owners.is_complete());
    std::ignore = fixture.sent(kStart);
    fixture.assigns(1, {1}, kStart);
    CHECK(fixture.group.told_at == kStart);
    CHECK(fixture.member.owned() == indexes({1}));
    ConsumerMember other(fixture.group, 1, "n");
    other.start(kStart);
    std::ignore = Sent<Beat>(other, kStart, kVersions.consumer_heartbeat);
    const auto rest = indexes({0, 2, 3});
    const BeatAnswer::TopicPartitions topic{.topic_id = kTopicId, .partitions = rest};
    const BeatAnswer::Assignment assignment{{&topic, 1}};
    answer(other, BeatAnswer{.member_epoch = 2, .assignment = &assignment},
           kVersions.consumer_heartbeat, kStart);
    CHECK(fixture.tally.overlaps == 0);
    CHECK(fixture.group.owners.is_complete());
}

TEST_CASE("perf consumer member: a partition that another member has counts as an overlap",
          "[perf]") {
    Consumer fixture;
    std::ignore = fixture.group.owners.take(7, PartitionIndex(2));
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    fixture.assigns(1, {1, 2}, kStart);
    CHECK(fixture.tally.overlaps == 1);
}

TEST_CASE("perf consumer member: one that was fenced gives up all and joins again", "[perf]") {
    Consumer fixture;
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    fixture.assigns(4, {1}, kStart);
    std::ignore = fixture.sent(kStart);
    fixture.answers({.error_code = ErrorCode::fenced_member_epoch}, kStart);
    CHECK(fixture.member.owned().empty());
    CHECK(fixture.tally.removed == 1);
    const auto join = fixture.sent(kStart);
    CHECK(join.request.member_epoch == 0);
    CHECK(wire::is_empty(join.request.topic_partitions));
}

TEST_CASE("perf consumer member: while its group is loaded it sends the same again", "[perf]") {
    Consumer fixture;
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    fixture.answers({.error_code = ErrorCode::coordinator_load_in_progress}, kStart);
    CHECK(fixture.tally.refused.at(ErrorCode::coordinator_load_in_progress) == 1);
    CHECK(fixture.member.due() == kStart + GroupMember::kRetryPause);
    CHECK(fixture.sent(fixture.member.due()).request.member_epoch == 0);
}

TEST_CASE("perf consumer member: another refusal is an error with the broker's message", "[perf]") {
    Consumer fixture;
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    std::string bytes(5, '\0');
    test::append(bytes,
                 *wire::encode_message(BeatAnswer{.error_code = ErrorCode::group_max_size_reached,
                                                  .error_message = "it is full"},
                                       kVersions.consumer_heartbeat));
    const auto taken = fixture.member.on_answer(as_bytes(bytes), kStart);
    REQUIRE_FALSE(taken);
    CHECK_THAT(taken.error().message, Catch::Contains("billing") && Catch::Contains("it is full"));
}

TEST_CASE("perf consumer member: it leaves once, after the answer to its last request", "[perf]") {
    Consumer fixture;
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    fixture.member.leave(kStart);
    CHECK(fixture.member.due() == GroupMember::kNever);
    fixture.assigns(1, {0, 1, 2, 3}, kStart);
    CHECK_FALSE(fixture.member.is_active());
    CHECK_FALSE(fixture.member.has_left());
    CHECK(fixture.sent(kStart).request.member_epoch == -1);
    fixture.confirms(-1, kStart);
    CHECK(fixture.member.has_left());
    CHECK(fixture.member.due() == GroupMember::kNever);
    CHECK_FALSE(fixture.group.owners.is_complete());
}

TEST_CASE("perf consumer member: one that has crashed sends nothing and has no partitions",
          "[perf]") {
    Consumer fixture;
    fixture.member.start(kStart);
    std::ignore = fixture.sent(kStart);
    fixture.assigns(1, {0}, kStart);
    std::ignore = fixture.sent(kStart);
    fixture.member.crash();
    fixture.confirms(1, kStart);
    CHECK(fixture.member.due() == GroupMember::kNever);
    CHECK(fixture.member.owned().empty());
    CHECK_FALSE(fixture.member.has_left());
}

// --- Classic protocol

using Join = schema::JoinGroupRequest;
using JoinResponse = schema::JoinGroupResponse;
using Sync = schema::SyncGroupRequest;

/// A member of the classic protocol and its coordinator.
struct Classic : Fixture {
    ClassicMember member{group, 0};

    Classic() { member.start(kStart); }

    template <class Request>
    Sent<Request> sent(SteadyTime now, ApiVersion version) {
        return {member, now, version};
    }
    void refuses_join(ErrorCode code, std::string_view id) {
        std::ignore = sent<Join>(kStart, kVersions.join);
        answer(member, JoinResponse{.error_code = code, .member_id = id}, kVersions.join, kStart);
    }
    /// Lets it join in generation 7, as the leader of `members`, or as a follower.
    void joins(const std::vector<std::string>& members) {
        std::ignore = sent<Join>(kStart, kVersions.join);
        const auto metadata = client::encode_wanted("orders");
        REQUIRE(metadata);
        std::vector<JoinResponse::Member> described;
        for (const std::string& id : members) {
            described.push_back({.member_id = id, .metadata = metadata->view()});
        }
        answer(member,
               JoinResponse{.generation_id = 7,
                            .protocol_type = "consumer",
                            .protocol_name = "range",
                            .leader = "m",
                            .member_id = "m",
                            .members = described},
               kVersions.join, kStart);
    }
    void syncs(std::int32_t partition, SteadyTime now) {
        std::ignore = sent<Sync>(now, kVersions.sync);
        const auto assigned = client::encode_assigned({{"orders", PartitionIndex(partition)}});
        REQUIRE(assigned);
        answer(member, schema::SyncGroupResponse{.assignment = assigned->view()}, kVersions.sync,
               now);
    }
    void beats(ErrorCode code, SteadyTime now) {
        std::ignore = sent<schema::HeartbeatRequest>(now, kVersions.heartbeat);
        answer(member, schema::HeartbeatResponse{.error_code = code}, kVersions.heartbeat, now);
    }
};

TEST_CASE("perf classic member: it joins again with the id that it is given", "[perf]") {
    Classic fixture;
    const auto first = fixture.sent<Join>(kStart, kVersions.join);
    CHECK(first.request.member_id.empty());
    CHECK(first.request.session_timeout_ms == Millis(10'000));
    CHECK_FALSE(fixture.member.joined_at());
    answer(fixture.member,
           JoinResponse{.error_code = ErrorCode::member_id_required, .member_id = "m"},
           kVersions.join, kStart);
    const auto second = fixture.sent<Join>(kStart, kVersions.join);
    CHECK(second.request.member_id == "m");
    CHECK(second.request.protocols[0].name == "range");
    CHECK(fixture.member.joined_at() == kStart);
}

TEST_CASE("perf classic member: the leader assigns ranges to all members", "[perf]") {
    Classic fixture;
    fixture.refuses_join(ErrorCode::member_id_required, "m");
    fixture.joins({"n", "m"});
    const auto sync = fixture.sent<Sync>(kStart, kVersions.sync);
    CHECK(sync.request.generation_id == 7);
    REQUIRE(sync.request.assignments.size() == 2);
    CHECK(sync.request.assignments[0].member_id == "m");
    const auto share = client::decode_assigned(sync.request.assignments[0].assignment);
    REQUIRE(share);
    REQUIRE(share->size() == 2);
    CHECK((*share)[0].partition == PartitionIndex(0));
    CHECK((*share)[1].partition == PartitionIndex(1));
}

TEST_CASE("perf classic member: it has its partitions from the answer to SyncGroup on", "[perf]") {
    Classic fixture;
    fixture.refuses_join(ErrorCode::member_id_required, "m");
    fixture.joins({});
    CHECK_FALSE(fixture.member.is_settled());
    fixture.syncs(3, kStart);
    CHECK(fixture.member.is_settled());
    CHECK(fixture.member.owned() == indexes({3}));
    CHECK(fixture.member.epoch() == 7);
    CHECK(fixture.member.due() == kStart + Milliseconds(3'000));
    fixture.beats(ErrorCode::none, kStart + Milliseconds(3'000));
    CHECK(fixture.member.due() == kStart + Milliseconds(6'000));
    CHECK(fixture.tally.late == 0);
}

TEST_CASE("perf classic member: in a rebalance it gives up all and joins again under its id",
          "[perf]") {
    Classic fixture;
    fixture.refuses_join(ErrorCode::member_id_required, "m");
    fixture.joins({});
    fixture.syncs(3, kStart);
    const SteadyTime later = kStart + Milliseconds(3'000);
    fixture.beats(ErrorCode::rebalance_in_progress, later);
    CHECK(fixture.member.owned().empty());
    CHECK_FALSE(fixture.member.is_settled());
    CHECK(fixture.group.told_at == later);
    CHECK(fixture.tally.removed == 0);
    CHECK(fixture.sent<Join>(later, kVersions.join).request.member_id == "m");
}

TEST_CASE("perf classic member: one that is not known any more joins as a new one", "[perf]") {
    Classic fixture;
    fixture.refuses_join(ErrorCode::member_id_required, "m");
    fixture.joins({});
    fixture.syncs(3, kStart);
    const SteadyTime later = kStart + Milliseconds(3'000);
    fixture.beats(ErrorCode::unknown_member_id, later);
    CHECK(fixture.tally.removed == 1);
    CHECK(fixture.member.owned().empty());
    CHECK(fixture.sent<Join>(later, kVersions.join).request.member_id.empty());
}

TEST_CASE("perf classic member: it leaves under its id", "[perf]") {
    Classic fixture;
    fixture.refuses_join(ErrorCode::member_id_required, "m");
    fixture.joins({});
    fixture.syncs(3, kStart);
    fixture.member.leave(kStart);
    const auto leave = fixture.sent<schema::LeaveGroupRequest>(kStart, kVersions.leave);
    REQUIRE(leave.request.members.size() == 1);
    CHECK(leave.request.members[0].member_id == "m");
    answer(fixture.member, schema::LeaveGroupResponse{}, kVersions.leave, kStart);
    CHECK(fixture.member.has_left());
}

}  // namespace
}  // namespace hw::perf
