#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/offset_delete.h"
#include "protocol/schema/api/offset_fetch.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using schema::OffsetCommitRequest;
using schema::OffsetCommitResponse;
using schema::OffsetDeleteRequest;
using schema::OffsetDeleteResponse;
using schema::OffsetFetchRequest;
using schema::OffsetFetchResponse;
using wire::ErrorCode;

constexpr const char* kOffsets = "__consumer_offsets";

/// What is committed for one partition.
struct Committed {
    Offset offset;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
    std::string metadata = "";
    ErrorCode code = ErrorCode::none;

    bool operator==(const Committed&) const = default;
};

/// A server that coordinates all groups, with topic "t".
struct Bench {
    explicit Bench(const PartitionSpec& offsets = {.topic = kOffsets, .internal = true},
                   std::uint64_t seed = 1)
        : world(seed) {
        world.add({});
        world.add(offsets);
        client = &world.connect();
    }

    ErrorCode commit(std::int64_t offset, std::int16_t version = 9) {
        OffsetCommitRequest::Partition partition{.partition_index = PartitionIndex(0),
                                                 .committed_offset = Offset(offset),
                                                 .committed_metadata = "text"};
        partition.committed_leader_epoch = version >= 6 ? LeaderEpoch(3) : kNoLeaderEpoch;
        return commit(partition, version);
    }
    ErrorCode commit(const OffsetCommitRequest::Partition& partition, std::int16_t version = 9) {
        return commit(partition, version, {.group_id = "g"});
    }
    ErrorCode commit(const OffsetCommitRequest::Partition& partition, std::int16_t version,
                     OffsetCommitRequest request) {
        OffsetCommitRequest::Topic topic{.partitions = {&partition, 1}};
        version >= 10 ? void(topic.topic_id = world.id_of("t")) : void(topic.name = topic_name);
        request.topics = {&topic, 1};
        const auto& answer = client->ask<OffsetCommitResponse>(request, version);
        REQUIRE(answer.topics.size() == 1);
        CHECK(answer.topics[0].name == topic.name);
        CHECK(answer.topics[0].topic_id == topic.topic_id);
        REQUIRE(answer.topics[0].partitions.size() == 1);
        CHECK(answer.topics[0].partitions[0].partition_index == partition.partition_index);
        return answer.topics[0].partitions[0].error_code;
    }

    Committed fetch(std::int16_t version = 9, const std::string& group = "g") {
        const std::array partitions{PartitionIndex(0)};
        OffsetFetchRequest::Topic topic{.partition_indexes = partitions};
        version >= 10 ? void(topic.topic_id = world.id_of("t")) : void(topic.name = topic_name);
        return fetch({&topic, 1}, version, group);
    }
    Committed fetch(wire::Array<OffsetFetchRequest::Topic> topics, std::int16_t version,
                    const std::string& group) {
        OffsetFetchRequest::Group one{.group_id = group, .topics = topics};
        OffsetFetchRequest request;
        if (version >= 8) {
            request.groups = {&one, 1};
        } else {
            request.group_id = group;
            request.topics = topics;
        }
        const auto& answer = client->ask<OffsetFetchResponse>(request, version);
        const bool many = version >= 8;
        REQUIRE(answer.groups.size() == (many ? 1 : 0));
        const ErrorCode code = many ? answer.groups[0].error_code : answer.error_code;
        const auto& found = many ? answer.groups[0].topics : answer.topics;
        if (code != ErrorCode::none || found.empty()) {
            return {.offset = Offset(-2), .code = code};
        }
        REQUIRE(found.size() == 1);
        REQUIRE(found[0].partitions.size() == 1);
        const auto& partition = found[0].partitions[0];
        return {partition.committed_offset, partition.committed_leader_epoch,
                std::string(partition.metadata), partition.error_code};
    }

    OffsetDeleteResponse remove(const std::string& group = "g") {
        const OffsetDeleteRequest::Partition partition{PartitionIndex(0)};
        const OffsetDeleteRequest::Topic topic{topic_name, {&partition, 1}};
        OffsetDeleteRequest request{.group_id = group};
        request.topics = {&topic, 1};
        return client->ask<OffsetDeleteResponse>(request, 0);
    }

    void lead_offsets(int epoch, std::vector<BrokerId> replicas = {kSelf},
                      std::vector<BrokerId> isr = {kSelf}) {
        world.enter(kOffsets, [=](replication::PartitionReplica& replica) {
            replica.become_leader({LeaderEpoch(epoch), PartitionEpoch(epoch), replicas, isr});
        });
    }
    void follow_offsets(int epoch) {
        world.enter(kOffsets, [=](replication::PartitionReplica& replica) {
            replica.become_follower(
                {LeaderEpoch(epoch), PartitionEpoch(epoch), {kSelf, kOther}, {kSelf, kOther}},
                kOther);
        });
    }

    World world;
    Client* client = nullptr;
    std::string topic_name = "t";
};

const Committed kNothing{.offset = Offset(-1)};

TEST_CASE("offsets: what is committed is read back, in every version", "[data][offsets]") {
    Bench bench;
    for (std::int16_t version = 2; version <= 10; ++version) {
        INFO("commit in version " << version);
        CHECK(bench.commit(version, version) == ErrorCode::none);
        const LeaderEpoch epoch = version >= 6 ? LeaderEpoch(3) : kNoLeaderEpoch;
        CHECK(bench.fetch() == Committed{Offset(version), epoch, "text"});
    }
    for (std::int16_t version = 1; version <= 10; ++version) {
        INFO("fetch in version " << version);
        const LeaderEpoch epoch = version >= 5 ? LeaderEpoch(3) : kNoLeaderEpoch;
        CHECK(bench.fetch(version) == Committed{Offset(10), epoch, "text"});
        CHECK(bench.fetch(version, "other") == kNothing);
    }
}

TEST_CASE("offsets: a commit is answered when it is durable, and so is a read of it",
          "[data][offsets]") {
    Bench bench;
    CHECK(bench.commit(1) == ErrorCode::none);
    bench.world.disk.faults().hung.insert("/data");
    Client& other = bench.world.connect(1);
    const OffsetCommitRequest::Partition partition{.partition_index = PartitionIndex(0),
                                                   .committed_offset = Offset(2),
                                                   .committed_metadata = ""};
    const OffsetCommitRequest::Topic topic{.name = "t", .partitions = {&partition, 1}};
    OffsetCommitRequest commit{.group_id = "g"};
    commit.topics = {&topic, 1};
    other.send(commit, 9);
    bench.world.run_for(std::chrono::seconds(1));
    CHECK_FALSE(other.has_answer());
    const std::array partitions{PartitionIndex(0)};
    const OffsetFetchRequest::Topic asked{.name = "t", .partition_indexes = partitions};
    const OffsetFetchRequest fetch{.group_id = "g", .topics = {&asked, 1}};
    bench.client->send(fetch, 7);
    bench.world.run_for(std::chrono::seconds(1));
    CHECK_FALSE(bench.client->has_answer());
    bench.world.disk.release("/data");
    const auto& committed = other.receive<OffsetCommitResponse>(9);
    CHECK(committed.topics[0].partitions[0].error_code == ErrorCode::none);
    const auto& found = bench.client->receive<OffsetFetchResponse>(7);
    CHECK(found.topics[0].partitions[0].committed_offset == Offset(2));
}

TEST_CASE("offsets: a commit that is not durable in time is answered as not available",
          "[data][offsets]") {
    Bench bench;
    bench.world.disk.faults().hung.insert("/data");
    CHECK(bench.commit(1) == ErrorCode::coordinator_not_available);
    bench.world.disk.release("/data");
    CHECK(bench.fetch().offset == Offset(1));
}

TEST_CASE("offsets: each partition of a commit has its own error", "[data][offsets]") {
    Bench bench;
    const auto code = [&](std::int32_t index, std::string_view metadata) {
        return bench.commit({.partition_index = PartitionIndex(index),
                             .committed_offset = Offset(1),
                             .committed_metadata = metadata});
    };
    const std::string long_text(4096, 'x');
    CHECK(code(0, long_text) == ErrorCode::none);
    CHECK(code(0, long_text + "x") == ErrorCode::offset_metadata_too_large);
    std::string wide;
    for (int i = 0; i < 4096; ++i) {
        wide += "\u00e9";
    }
    CHECK(code(0, wide) == ErrorCode::none);
    CHECK(code(1, "") == ErrorCode::unknown_topic_or_partition);
    bench.topic_name = "none";
    CHECK(code(0, "") == ErrorCode::unknown_topic_or_partition);
    bench.topic_name = "t";
    bench.world.forbid(Operation::read, topic_resource("t"));
    CHECK(code(0, "") == ErrorCode::topic_authorization_failed);
    bench.world.forbid(Operation::read, {ResourceType::group, "g"});
    CHECK(code(0, "") == ErrorCode::group_authorization_failed);
    CHECK(bench.fetch().metadata == wide);
}

TEST_CASE("offsets: a commit of a member is refused where the group has no members",
          "[data][offsets]") {
    Bench bench;
    const OffsetCommitRequest::Partition partition{.partition_index = PartitionIndex(0),
                                                   .committed_offset = Offset(1),
                                                   .committed_metadata = ""};
    const auto code = [&](std::int16_t version) {
        return bench.commit(
            partition, version,
            {.group_id = "g", .generation_id_or_member_epoch = 1, .member_id = "m"});
    };
    CHECK(code(8) == ErrorCode::illegal_generation);
    CHECK(code(9) == ErrorCode::group_id_not_found);
    CHECK(bench.commit(7) == ErrorCode::none);
    CHECK(code(9) == ErrorCode::unknown_member_id);
    CHECK(bench.fetch().offset == Offset(7));
}

TEST_CASE("offsets: all that a group has committed is read without naming it", "[data][offsets]") {
    Bench bench;
    bench.world.add({.topic = "u"});
    CHECK(bench.commit(1) == ErrorCode::none);
    bench.topic_name = "u";
    CHECK(bench.commit(2) == ErrorCode::none);
    bench.world.forbid(Operation::describe, topic_resource("u"));
    const auto all = wire::Array<OffsetFetchRequest::Topic>::null();
    for (const std::int16_t version : std::array<std::int16_t, 4>{2, 7, 8, 10}) {
        INFO("version " << version);
        CHECK(bench.fetch(all, version, "g").offset == Offset(1));
        CHECK(bench.fetch(all, version, "other").offset == Offset(-2));
    }
}

TEST_CASE("offsets: who may not describe a group or a topic reads nothing of it",
          "[data][offsets]") {
    Bench bench;
    CHECK(bench.commit(1) == ErrorCode::none);
    bench.world.forbid(Operation::describe, topic_resource("t"));
    CHECK(bench.fetch(9).code == ErrorCode::topic_authorization_failed);
    CHECK(bench.fetch(10).code == ErrorCode::topic_authorization_failed);
    CHECK(bench.fetch(9).offset == Offset(-1));
    bench.world.forbid(Operation::describe, {ResourceType::group, "g"});
    for (const std::int16_t version : std::array<std::int16_t, 3>{1, 2, 8}) {
        INFO("version " << version);
        CHECK(bench.fetch(version).code == ErrorCode::group_authorization_failed);
    }
}

TEST_CASE("offsets: deleted offsets are gone, and with the last one the group", "[data][offsets]") {
    Bench bench;
    CHECK(bench.commit(1) == ErrorCode::none);
    const auto removed = bench.remove();
    CHECK(removed.error_code == ErrorCode::none);
    REQUIRE(removed.topics.size() == 1);
    CHECK(removed.topics[0].partitions[0].error_code == ErrorCode::none);
    CHECK(bench.fetch() == kNothing);
    CHECK(bench.remove().error_code == ErrorCode::group_id_not_found);
    CHECK(bench.commit(2) == ErrorCode::none);
    bench.topic_name = "none";
    CHECK(bench.remove().topics[0].partitions[0].error_code ==
          ErrorCode::unknown_topic_or_partition);
    bench.world.forbid(Operation::remove, {ResourceType::group, "g"});
    CHECK(bench.remove().error_code == ErrorCode::group_authorization_failed);
    bench.topic_name = "t";
    CHECK(bench.fetch().offset == Offset(2));
}

TEST_CASE("offsets: a broker that does not lead the partition of a group refuses it",
          "[data][offsets]") {
    Bench bench({.topic = kOffsets,
                 .internal = true,
                 .leader = kOther,
                 .replicas = {kSelf, kOther},
                 .isr = {kSelf, kOther}});
    CHECK(bench.commit(1) == ErrorCode::not_coordinator);
    CHECK(bench.fetch().code == ErrorCode::not_coordinator);
    CHECK(bench.remove().error_code == ErrorCode::not_coordinator);
}

TEST_CASE("offsets: without a topic for them no broker is the coordinator", "[data][offsets]") {
    Bench bench({.topic = "another"});
    CHECK(bench.commit(1) == ErrorCode::not_coordinator);
    CHECK(bench.fetch().code == ErrorCode::not_coordinator);
}

TEST_CASE("offsets: a coordinator that takes over has what its log has", "[data][offsets]") {
    Bench bench;
    for (int i = 1; i <= 3000; ++i) {
        CHECK(bench.commit(i) == ErrorCode::none);
    }
    bench.follow_offsets(6);
    CHECK(bench.commit(9000) == ErrorCode::not_coordinator);
    bench.lead_offsets(7);
    ErrorCode code = ErrorCode::coordinator_load_in_progress;
    while (code == ErrorCode::coordinator_load_in_progress) {
        const Committed found = bench.fetch();
        code = found.code;
        if (code == ErrorCode::none) {
            CHECK(found.offset == Offset(3000));
        }
    }
    CHECK(code == ErrorCode::none);
    CHECK(bench.commit(3001) == ErrorCode::none);
    CHECK(bench.fetch().offset == Offset(3001));
}

TEST_CASE("offsets: a leader that is elected again goes on without loading", "[data][offsets]") {
    Bench bench;
    CHECK(bench.commit(1) == ErrorCode::none);
    bench.lead_offsets(6);
    CHECK(bench.fetch().offset == Offset(1));
    CHECK(bench.commit(2) == ErrorCode::none);
}

/// Asks the coordinator directly, and waits for a code until `deadline`.
Task<> ask_directly(World& world, TimePoint deadline, std::vector<ErrorCode>& codes) {
    Shard& shard = world.shards[0]->shard;
    const replication::WaitHandle call(std::make_shared<CallFor<int>>(shard));
    CHECK(world.shards[0]->delayed.add_call(*call, deadline));
    world.replica(kOffsets)->enter_unrefused(
        shard, [call = call.get(), &world](replication::PartitionReplica& replica, Shard&) {
            const auto listener = world.replica(kOffsets)->listener();
            static_cast<Coordinator&>(*listener).run(
                replica, call, [&call](CoordinatorMachine&, Decision& decision) {
                    decision.answers.push_back(call);
                });
        });
    const wire::Refusal* const outcome = co_await call->wait();
    codes.push_back(outcome == nullptr ? ErrorCode::request_timed_out : outcome->code);
}

TEST_CASE("offsets: a limited number of requests waits for a commit", "[data][offsets]") {
    Bench bench(
        {.topic = kOffsets, .internal = true, .replicas = {kSelf, kOther}, .isr = {kSelf, kOther}});
    CHECK(bench.commit(1) == ErrorCode::coordinator_not_available);  // and it still waits
    World& world = bench.world;
    const TimePoint deadline = world.clock.now() + std::chrono::seconds(1);
    std::vector<ErrorCode> codes;
    for (std::size_t i = 1; i <= Coordinator::kMaxWaiting; ++i) {
        world.shards[0]->shard.spawn(ask_directly(world, deadline, codes));
    }
    REQUIRE(world.run_until([&] { return codes.size() == Coordinator::kMaxWaiting; }));
    CHECK(std::ranges::count(codes, ErrorCode::coordinator_not_available) == 1);
    CHECK(std::ranges::count(codes, ErrorCode::request_timed_out) == Coordinator::kMaxWaiting - 1);
}

TEST_CASE("offsets: a leader that another one may have replaced answers no reads either",
          "[data][offsets]") {
    Bench bench;
    REQUIRE(bench.commit(1) == ErrorCode::none);
    bench.lead_offsets(6, {kSelf, kOther}, {kSelf, kOther});
    static constexpr Duration kSession = std::chrono::seconds(3);
    bench.world.run_for(kSession * 2);
    const auto look = [&bench](TimePoint session_end) {
        bench.world.enter(kOffsets, [=](replication::PartitionReplica& replica) {
            replica.check_isr(
                {.active = {}, .session_end = session_end, .session_timeout = kSession});
        });
    };
    look(TimePoint::min());
    CHECK(bench.fetch().code == ErrorCode::not_coordinator);
    CHECK(bench.commit(2) == ErrorCode::not_coordinator);
    CHECK(bench.remove().error_code == ErrorCode::not_coordinator);
    look(kNever);
    CHECK(bench.fetch() == Committed{Offset(1), LeaderEpoch(3), "text"});
}

TEST_CASE("offsets: a commit that waits when the leadership ends may or may not be in force",
          "[data][offsets]") {
    Bench bench;
    CHECK(bench.commit(1) == ErrorCode::none);
    bench.lead_offsets(6, {kSelf, kOther}, {kSelf, kOther});
    const OffsetCommitRequest::Partition partition{.partition_index = PartitionIndex(0),
                                                   .committed_offset = Offset(2),
                                                   .committed_metadata = ""};
    const OffsetCommitRequest::Topic topic{.name = "t", .partitions = {&partition, 1}};
    OffsetCommitRequest commit{.group_id = "g"};
    commit.topics = {&topic, 1};
    bench.client->send(commit, 9);
    bench.world.run_for(std::chrono::seconds(1));
    CHECK_FALSE(bench.client->has_answer());
    bench.follow_offsets(7);
    const auto& answer = bench.client->receive<OffsetCommitResponse>(9);
    CHECK(answer.topics[0].partitions[0].error_code == ErrorCode::not_coordinator);
    bench.lead_offsets(8);
    bench.world.run_for(std::chrono::seconds(1));
    CHECK(bench.fetch().offset == Offset(2));
}

TEST_CASE("offsets: a commit is refused, and changes nothing, while too few replicas are in sync",
          "[data][offsets]") {
    PartitionSpec offsets{
        .topic = kOffsets, .internal = true, .replicas = {kSelf, kOther}, .isr = {kSelf}};
    offsets.options.min_insync_replicas = 2;
    Bench bench(offsets);
    CHECK(bench.commit(1) == ErrorCode::coordinator_not_available);
    CHECK(bench.fetch() == kNothing);
    CHECK(bench.remove().error_code == ErrorCode::group_id_not_found);
}

TEST_CASE("offsets: a coordinator whose log cannot be read tries again", "[data][offsets]") {
    Bench bench;
    CHECK(bench.commit(7) == ErrorCode::none);
    bench.follow_offsets(6);
    bench.world.disk.faults().read_error_one_in = 1;
    bench.lead_offsets(7);
    bench.world.run_for(std::chrono::seconds(1));
    CHECK(bench.fetch().code == ErrorCode::coordinator_not_available);
    bench.world.disk.faults().read_error_one_in = 0;
    SECTION("after a pause") {
        bench.world.run_for(std::chrono::seconds(10));
    }
    SECTION("in the next epoch") {
        bench.lead_offsets(8);
        bench.world.run_for(std::chrono::seconds(1));
    }
    CHECK(bench.fetch().offset == Offset(7));
}

TEST_CASE("offsets: a commit that is larger than the topic's largest batch is refused",
          "[data][offsets]") {
    Bench bench;
    const std::string metadata(4000, 'x');
    const std::vector<schema::OffsetCommitRequest::Partition> many(
        500, {.partition_index = PartitionIndex(0),
              .committed_offset = Offset(1),
              .committed_metadata = metadata});
    const schema::OffsetCommitRequest::Topic topic{.name = "t", .partitions = many};
    schema::OffsetCommitRequest request{.group_id = "g"};
    request.topics = {&topic, 1};
    const auto& answer = bench.client->ask<schema::OffsetCommitResponse>(request, 9);
    CHECK(answer.topics[0].partitions[0].error_code == ErrorCode::invalid_commit_offset_size);
}

}  // namespace
}  // namespace hw::broker
