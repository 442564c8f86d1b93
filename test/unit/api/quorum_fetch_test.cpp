#include "broker/api/quorum_fetch.h"

#include <array>
#include <string>

#include <catch2/catch.hpp>

#include "test/unit/api/quorum_world.h"

namespace hw::broker {
namespace {

using replication::kMetadataTopic;
using replication::kMetadataTopicId;
using schema::FetchRequest;
using schema::FetchResponse;
using wire::ErrorCode;

constexpr ApiVersion kNewest{18};
constexpr ApiVersion kTopicIds{13};
constexpr ApiVersion kReplicaState{15};

/// A Fetch of the metadata log from offset 0 by voter 2, which does not wait.
struct Wanted {
    explicit Wanted(ApiVersion version = kNewest) {
        FetchRequest::Partition& partition = partitions[0];
        partition.current_leader_epoch = LeaderEpoch(1);
        partition.last_fetched_epoch = LeaderEpoch(0);
        partition.partition_max_bytes = 1000;
        if (version >= kTopicIds) {
            topics[0].topic_id = kMetadataTopicId;
        } else {
            topics[0].topic = kMetadataTopic;
        }
        topics[0].partitions = partitions;
        if (version >= kReplicaState) {
            request.replica_state.replica_id = kTwo;
        } else {
            request.replica_id = kTwo;
        }
        request.max_bytes = 1000;
        request.topics = topics;
    }
    Wanted(const Wanted&) = delete;
    Wanted& operator=(const Wanted&) = delete;

    std::array<FetchRequest::Partition, 1> partitions;
    std::array<FetchRequest::Topic, 1> topics;
    FetchRequest request;
};

struct World : QuorumWorld {
    auto fetch(const FetchRequest& request, ApiVersion version = kNewest) {
        return ask<FetchResponse>(handler, request, version);
    }

    QuorumFetchHandler handler{*process.node, shard, clock, "cluster"};
};

/// The error of a refused Fetch.
ErrorCode refusal(World& world, const Wanted& wanted, ApiVersion version = kNewest) {
    const auto answer = world.fetch(wanted.request, version);
    CHECK(answer->responses.empty());
    return answer->error_code;
}

TEST_CASE("quorum fetch: the leader answers with its records in every version that has epochs",
          "[api][quorum]") {
    World world;
    world.win();
    for (ApiVersion version(12); version <= kNewest; version = ApiVersion(version.value() + 1)) {
        const Wanted wanted(version);
        const auto answer = world.fetch(wanted.request, version);
        CHECK(answer->error_code == ErrorCode::none);
        const auto& partition = answer->responses[0].partitions[0];
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.current_leader.leader_id == kSelf);
        CHECK(partition.current_leader.leader_epoch == LeaderEpoch(1));
        REQUIRE(partition.records.size() == 1);
        CHECK_FALSE(partition.records[0].empty());
        CHECK(answer->node_endpoints.size() == (version >= ApiVersion(16) ? 1 : 0));
    }
    CHECK(std::get<replication::Leader>(world.core().role()).voters.at(kTwo).end_offset ==
          Offset(0));
}

TEST_CASE("quorum fetch: versions without epochs are refused", "[api][quorum]") {
    World world;
    world.win();
    for (const ApiVersion version : {ApiVersion(7), ApiVersion(11)}) {
        FetchRequest request;
        CHECK(world.fetch(request, version)->error_code == ErrorCode::unsupported_version);
    }
}

TEST_CASE("quorum fetch: the high watermark is told once the leader is active", "[api][quorum]") {
    World world;
    world.win();
    Wanted wanted;
    CHECK(world.fetch(wanted.request)->responses[0].partitions[0].high_watermark == kNoOffset);
    world.note_fetch(kTwo, 1);
    CHECK(world.fetch(wanted.request)->responses[0].partitions[0].high_watermark == Offset(1));
}

TEST_CASE("quorum fetch: a diverging log gets the place where it diverges, and no records",
          "[api][quorum]") {
    World world;
    world.win();
    Wanted wanted;
    wanted.partitions[0].fetch_offset = Offset(9);
    wanted.partitions[0].last_fetched_epoch = LeaderEpoch(1);
    const auto answer = world.fetch(wanted.request);
    const auto& partition = answer->responses[0].partitions[0];
    CHECK(partition.error_code == ErrorCode::none);
    CHECK(partition.diverging_epoch.epoch == LeaderEpoch(1));
    CHECK(partition.diverging_epoch.end_offset == Offset(1));
    CHECK((partition.records.empty() || partition.records[0].empty()));
}

TEST_CASE("quorum fetch: who does not lead names the leader and its address", "[api][quorum]") {
    World world;
    const replication::BeginEpochCall call{LeaderEpoch(1), kThree};
    world.shard.spawn([](World& in, replication::BeginEpochCall begin) -> Task<> {
        const auto answer = co_await in.process.node->begin_epoch(begin);
        CHECK(answer.has_value());
    }(world, call));
    REQUIRE(world.run_until([&] { return world.core().leader() == kThree; }));
    const Wanted wanted;
    const auto answer = world.fetch(wanted.request);
    CHECK(answer->responses[0].partitions[0].error_code == ErrorCode::not_leader_or_follower);
    CHECK(answer->responses[0].partitions[0].current_leader.leader_id == kThree);
    REQUIRE(answer->node_endpoints.size() == 1);
    CHECK(answer->node_endpoints[0].host == "host3");
}

TEST_CASE("quorum fetch: a fetch of another epoch is refused with the present one",
          "[api][quorum]") {
    World world;
    world.win();
    Wanted wanted;
    wanted.partitions[0].current_leader_epoch = LeaderEpoch(0);
    const auto old = world.fetch(wanted.request);
    CHECK(old->responses[0].partitions[0].error_code == ErrorCode::fenced_leader_epoch);
    CHECK(old->responses[0].partitions[0].current_leader.leader_epoch == LeaderEpoch(1));
    wanted.partitions[0].current_leader_epoch = LeaderEpoch(2);
    CHECK(world.fetch(wanted.request)->responses[0].partitions[0].error_code ==
          ErrorCode::unknown_leader_epoch);
}

TEST_CASE("quorum fetch: a fetch of another cluster, session or log is refused", "[api][quorum]") {
    World world;
    world.win();
    Wanted cluster;
    cluster.request.cluster_id = "other";
    CHECK(refusal(world, cluster) == ErrorCode::inconsistent_cluster_id);
    Wanted session;
    session.request.session_id = 5;
    CHECK(refusal(world, session) == ErrorCode::fetch_session_id_not_found);
    Wanted topic_id;
    topic_id.topics[0].topic_id = TopicId(Uuid{8, 8});
    CHECK(refusal(world, topic_id) == ErrorCode::unknown_topic_id);
    Wanted partition;
    partition.partitions[0].partition = PartitionIndex(1);
    CHECK(refusal(world, partition) == ErrorCode::invalid_request);
    Wanted topic(ApiVersion(12));
    topic.topics[0].topic = "topic";
    CHECK(refusal(world, topic, ApiVersion(12)) == ErrorCode::invalid_request);
}

TEST_CASE("quorum fetch: only cluster members may fetch the metadata log", "[api][quorum]") {
    World world;
    world.win();
    world.authorizer.forbid(Operation::cluster_action, kCluster);
    const Wanted wanted;
    CHECK(refusal(world, wanted) == ErrorCode::cluster_authorization_failed);
}

TEST_CASE("quorum fetch: a fetch without news waits for a record", "[api][quorum]") {
    World world;
    world.win();
    Wanted wanted;
    wanted.partitions[0].fetch_offset = Offset(1);
    wanted.partitions[0].last_fetched_epoch = LeaderEpoch(1);
    wanted.partitions[0].high_watermark = Offset(1);
    wanted.request.min_bytes = 1;
    wanted.request.max_wait_ms = Millis(500);
    const auto exchange = world.send(world.handler, wanted.request, kNewest);
    world.scheduler.run_until([] { return false; },
                              world.scheduler.now() + std::chrono::milliseconds(400));
    CHECK_FALSE(exchange->answered());
    const std::string value = "value";
    const ByteView view = as_bytes(value);
    REQUIRE(world.process.node->append({&view, 1}));
    const auto answer = world.answer_to<FetchResponse>(*exchange);
    CHECK_FALSE(answer->responses[0].partitions[0].records[0].empty());
}

TEST_CASE("quorum fetch: no records are read while answers that nobody reads hold the memory",
          "[api][quorum]") {
    World world;
    world.win();
    const std::size_t limit = world.memory.limits().answers;
    Reservation other = world.memory.begin(world.memory.share(), 0);
    other.add_answer(limit);
    Wanted wanted;
    wanted.request.min_bytes = 1;
    wanted.request.max_wait_ms = Millis(500);
    const auto exchange = world.send(world.handler, wanted.request, kNewest);
    world.scheduler.run_until([] { return false; },
                              world.scheduler.now() + std::chrono::milliseconds(400));
    CHECK_FALSE(exchange->answered());
    CHECK(world.memory.answers() == limit);
    SECTION("until they are read") {
        other.return_answer(limit);
        const auto answer = world.answer_to<FetchResponse>(*exchange);
        const auto& partition = answer->responses[0].partitions[0];
        REQUIRE(partition.records.size() == 1);
        CHECK_FALSE(partition.records[0].empty());
        CHECK(world.memory.answers() > partition.records[0].size());
    }
    SECTION("until the time is over: then the answer has none") {
        const auto answer = world.answer_to<FetchResponse>(*exchange);
        const auto& partition = answer->responses[0].partitions[0];
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.high_watermark == kNoOffset);
        CHECK((partition.records.empty() || partition.records[0].empty()));
    }
}

TEST_CASE("quorum fetch: a fetch that has waited in vain gets an empty answer", "[api][quorum]") {
    World world;
    world.win();
    Wanted wanted;
    wanted.partitions[0].fetch_offset = Offset(1);
    wanted.partitions[0].last_fetched_epoch = LeaderEpoch(1);
    wanted.partitions[0].high_watermark = Offset(1);
    wanted.request.min_bytes = 1;
    wanted.request.max_wait_ms = Millis(500);
    const TimePoint begin = world.scheduler.now();
    const auto answer = world.fetch(wanted.request);
    CHECK(world.scheduler.now() - begin >= std::chrono::milliseconds(500));
    const auto& partition = answer->responses[0].partitions[0];
    CHECK(partition.error_code == ErrorCode::none);
    CHECK((partition.records.empty() || partition.records[0].empty()));
}

}  // namespace
}  // namespace hw::broker
