#include "broker/api/quorum_requests.h"

#include <string>

#include <catch2/catch.hpp>

#include "test/unit/api/quorum_world.h"

namespace hw::broker {
namespace {

using replication::kMetadataTopic;
using schema::BeginQuorumEpochRequest;
using schema::BeginQuorumEpochResponse;
using schema::DescribeQuorumRequest;
using schema::DescribeQuorumResponse;
using schema::EndQuorumEpochRequest;
using schema::EndQuorumEpochResponse;
using schema::VoteRequest;
using schema::VoteResponse;
using wire::ErrorCode;

OnePartition<VoteRequest> vote_request(BrokerId candidate = kTwo, std::int32_t epoch = 5) {
    return OnePartition<VoteRequest>(
        {.replica_epoch = LeaderEpoch(epoch), .replica_id = candidate});
}
OnePartition<BeginQuorumEpochRequest> begin_request(BrokerId leader = kTwo,
                                                    std::int32_t epoch = 5) {
    return OnePartition<BeginQuorumEpochRequest>(
        {.leader_id = leader, .leader_epoch = LeaderEpoch(epoch)});
}
OnePartition<EndQuorumEpochRequest> end_request(BrokerId leader = kTwo, std::int32_t epoch = 5) {
    return OnePartition<EndQuorumEpochRequest>(
        {.leader_id = leader, .leader_epoch = LeaderEpoch(epoch)});
}

/// A controller with the handlers of the requests between voters.
struct World : QuorumWorld {
    auto vote(const VoteRequest& request, std::int16_t version = 2) {
        return ask<VoteResponse>(vote_handler, request, ApiVersion(version));
    }
    auto begin(const BeginQuorumEpochRequest& request, std::int16_t version = 1) {
        return ask<BeginQuorumEpochResponse>(begin_handler, request, ApiVersion(version));
    }
    auto end(const EndQuorumEpochRequest& request, std::int16_t version = 1) {
        return ask<EndQuorumEpochResponse>(end_handler, request, ApiVersion(version));
    }
    auto describe(std::int16_t version = 2) {
        const OnePartition<DescribeQuorumRequest> request({});
        return ask<DescribeQuorumResponse>(describe_handler, request.message, ApiVersion(version));
    }
    std::string persisted() { return disk.contents(test::kMetadataFolder + "/quorum-state"); }

    VoteHandler vote_handler{*process.node, "cluster"};
    BeginQuorumEpochHandler begin_handler{*process.node, "cluster"};
    EndQuorumEpochHandler end_handler{*process.node, "cluster"};
    DescribeQuorumHandler describe_handler{*process.node, clock, "CONTROLLER"};
};

// --- Requests between voters

TEST_CASE("quorum requests: a vote is granted in every version, and on stable storage",
          "[api][quorum]") {
    for (const ApiVersion version : versions_of<VoteRequest>()) {
        World world;
        const auto answer = world.vote(vote_request().message, version.value());
        CHECK(answer->error_code == ErrorCode::none);
        REQUIRE(answer->topics.size() == 1);
        CHECK(answer->topics[0].topic_name == kMetadataTopic);
        REQUIRE(answer->topics[0].partitions.size() == 1);
        const auto& partition = answer->topics[0].partitions[0];
        CHECK(partition.partition_index == replication::kMetadataPartition);
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.leader_id == kNoBroker);
        CHECK(partition.leader_epoch == LeaderEpoch(5));
        CHECK(partition.vote_granted);
        CHECK(answer->node_endpoints.empty());
        CHECK_THAT(world.persisted(), Catch::Contains(R"("leaderEpoch":5,"votedId":2)"));
    }
}

TEST_CASE("quorum requests: a pre-vote is granted without a write", "[api][quorum]") {
    World world;
    OnePartition<VoteRequest> request = vote_request(kTwo, 0);
    request.partitions[0].pre_vote = true;
    CHECK(world.vote(request.message)->topics[0].partitions[0].vote_granted);
    CHECK(world.core().state() == replication::ElectionState());
}

TEST_CASE("quorum requests: the announcement of a leader is answered in every version",
          "[api][quorum]") {
    for (const ApiVersion version : versions_of<BeginQuorumEpochRequest>()) {
        World world;
        const auto answer = world.begin(begin_request().message, version.value());
        CHECK(answer->error_code == ErrorCode::none);
        const auto& partition = answer->topics[0].partitions[0];
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.leader_id == kTwo);
        CHECK(partition.leader_epoch == LeaderEpoch(5));
        CHECK_THAT(world.persisted(), Catch::Contains(R"("leaderId":2,"leaderEpoch":5)"));
    }
}

TEST_CASE("quorum requests: the end of an epoch is answered in every version", "[api][quorum]") {
    for (const ApiVersion version : versions_of<EndQuorumEpochRequest>()) {
        World world;
        world.begin(begin_request().message);
        const auto answer = world.end(end_request().message, version.value());
        CHECK(answer->error_code == ErrorCode::none);
        const auto& partition = answer->topics[0].partitions[0];
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.leader_id == kNoBroker);
        CHECK(partition.leader_epoch == LeaderEpoch(5));
    }
}

TEST_CASE("quorum requests: an answer brings the address of the leader that it names",
          "[api][quorum]") {
    World world;
    const auto followed = world.begin(begin_request().message);
    REQUIRE(followed->node_endpoints.size() == 1);
    CHECK(followed->node_endpoints[0].node_id == kTwo);
    CHECK(followed->node_endpoints[0].host == "host2");
    CHECK(followed->node_endpoints[0].port == 9002);
    const auto refused = world.vote(vote_request(kThree, 4).message);
    CHECK(refused->topics[0].partitions[0].error_code == ErrorCode::fenced_leader_epoch);
    REQUIRE(refused->node_endpoints.size() == 1);
    CHECK(refused->node_endpoints[0].node_id == kTwo);
}

TEST_CASE("quorum requests: an error of the partition is in the partition", "[api][quorum]") {
    World world;
    const auto stranger = world.vote(vote_request(BrokerId(7)).message);
    CHECK(stranger->error_code == ErrorCode::none);
    CHECK(stranger->topics[0].partitions[0].error_code == ErrorCode::inconsistent_voter_set);
    world.begin(begin_request().message);
    CHECK(world.begin(begin_request(kThree).message)->topics[0].partitions[0].error_code ==
          ErrorCode::invalid_request);
    CHECK(world.end(end_request(kThree).message)->topics[0].partitions[0].error_code ==
          ErrorCode::invalid_request);
}

TEST_CASE("quorum requests: a node of another cluster is refused", "[api][quorum]") {
    World world;
    auto vote = vote_request();
    vote.message.cluster_id = "other";
    CHECK(world.vote(vote.message)->error_code == ErrorCode::inconsistent_cluster_id);
    auto begin = begin_request();
    begin.message.cluster_id = "other";
    CHECK(world.begin(begin.message)->error_code == ErrorCode::inconsistent_cluster_id);
    auto end = end_request();
    end.message.cluster_id = "";
    CHECK(world.end(end.message)->error_code == ErrorCode::inconsistent_cluster_id);
    CHECK(world.core().epoch() == LeaderEpoch(0));
}

TEST_CASE("quorum requests: a node of the same cluster, or of an unnamed one, is served",
          "[api][quorum]") {
    World world;
    auto request = vote_request();
    request.message.cluster_id = "cluster";
    CHECK(world.vote(request.message)->topics[0].partitions[0].vote_granted);
    request.message.cluster_id = {};
    CHECK(world.vote(request.message)->topics[0].partitions[0].vote_granted);
}

TEST_CASE("quorum requests: a request that is meant for another voter is refused",
          "[api][quorum]") {
    World world;
    world.begin(begin_request(kThree, 3).message);
    auto vote = vote_request();
    vote.message.voter_id = kTwo;
    const auto answer = world.vote(vote.message);
    CHECK(answer->error_code == ErrorCode::none);
    const auto& partition = answer->topics[0].partitions[0];
    CHECK(partition.error_code == ErrorCode::invalid_voter_key);
    CHECK(partition.leader_id == kThree);
    CHECK(partition.leader_epoch == LeaderEpoch(3));
    CHECK_FALSE(partition.vote_granted);
    auto begin = begin_request();
    begin.message.voter_id = kThree;
    CHECK(world.begin(begin.message)->topics[0].partitions[0].error_code ==
          ErrorCode::invalid_voter_key);
    CHECK(world.core().epoch() == LeaderEpoch(3));
}

TEST_CASE("quorum requests: a request that names this voter is served", "[api][quorum]") {
    World world;
    auto request = vote_request();
    request.message.voter_id = kSelf;
    CHECK(world.vote(request.message)->topics[0].partitions[0].vote_granted);
}

TEST_CASE("quorum requests: a request for another partition than the metadata log is refused",
          "[api][quorum]") {
    World world;
    auto vote = vote_request();
    vote.topics[0].topic_name = "topic";
    CHECK(world.vote(vote.message)->error_code == ErrorCode::invalid_request);
    auto begin = begin_request();
    begin.partitions[0].partition_index = PartitionIndex(1);
    CHECK(world.begin(begin.message)->error_code == ErrorCode::invalid_request);
    CHECK(world.end({})->error_code == ErrorCode::invalid_request);
    CHECK(world.core().epoch() == LeaderEpoch(0));
}

TEST_CASE("quorum requests: only cluster members may send them", "[api][quorum]") {
    World world;
    world.authorizer.forbid(Operation::cluster_action, kCluster);
    CHECK(world.vote(vote_request().message)->error_code ==
          ErrorCode::cluster_authorization_failed);
    CHECK(world.begin(begin_request().message)->error_code ==
          ErrorCode::cluster_authorization_failed);
    CHECK(world.end(end_request().message)->error_code == ErrorCode::cluster_authorization_failed);
    CHECK(world.core().epoch() == LeaderEpoch(0));
}

TEST_CASE("quorum requests: a controller that ends answers no vote that is not on stable storage",
          "[api][quorum]") {
    World world;
    world.process.node->end_waits();
    const auto vote = vote_request();
    const auto exchange = world.send(world.vote_handler, vote.message, ApiVersion(2));
    CHECK(world.rejection_of(*exchange) == "this controller is ending");
}

// --- DescribeQuorum

TEST_CASE("describe quorum: the leader lists the progress of voters and observers",
          "[api][quorum]") {
    World world;
    world.win();
    world.note_fetch(kTwo, 1);
    world.note_fetch(BrokerId(9), 1);
    for (const ApiVersion version : versions_of<DescribeQuorumRequest>()) {
        const auto answer = world.describe(version.value());
        CHECK(answer->error_code == ErrorCode::none);
        CHECK(answer->topics[0].topic_name == kMetadataTopic);
        const auto& partition = answer->topics[0].partitions[0];
        CHECK(partition.error_code == ErrorCode::none);
        CHECK(partition.leader_id == kSelf);
        CHECK(partition.leader_epoch == LeaderEpoch(1));
        CHECK(partition.high_watermark == Offset(1));
        REQUIRE(partition.current_voters.size() == 3);
        CHECK(partition.current_voters[0].replica_id == kSelf);
        CHECK(partition.current_voters[0].log_end_offset == Offset(1));
        CHECK(partition.current_voters[1].replica_id == kTwo);
        CHECK(partition.current_voters[1].log_end_offset == Offset(1));
        CHECK(partition.current_voters[2].replica_id == kThree);
        CHECK(partition.current_voters[2].log_end_offset == kNoOffset);
        REQUIRE(partition.observers.size() == 1);
        CHECK(partition.observers[0].replica_id == BrokerId(9));
    }
}

TEST_CASE("describe quorum: times are wall times, and -1 for a voter that never fetched",
          "[api][quorum]") {
    World world;
    world.win();
    world.note_fetch(kTwo, 1);
    const auto answer = world.describe(1);
    const auto& voters = answer->topics[0].partitions[0].current_voters;
    const Timestamp now = world.clock.wall_now();
    CHECK(voters[0].last_fetch_timestamp == now);
    CHECK(voters[0].last_caught_up_timestamp == now);
    CHECK(now - voters[1].last_fetch_timestamp < 1000);
    CHECK(now - voters[1].last_caught_up_timestamp < 1000);
    CHECK(voters[2].last_fetch_timestamp == kNoTimestamp);
    CHECK(voters[2].last_caught_up_timestamp == kNoTimestamp);
}

TEST_CASE("describe quorum: version 2 brings the addresses of the voters", "[api][quorum]") {
    World world;
    world.win();
    const auto answer = world.describe(2);
    REQUIRE(answer->nodes.size() == 3);
    CHECK(answer->nodes[2].node_id == kThree);
    REQUIRE(answer->nodes[2].listeners.size() == 1);
    CHECK(answer->nodes[2].listeners[0].name == "CONTROLLER");
    CHECK(answer->nodes[2].listeners[0].host == "host3");
    CHECK(answer->nodes[2].listeners[0].port == 9003);
}

TEST_CASE("describe quorum: a leader that is not active yet knows no high watermark",
          "[api][quorum]") {
    World world;
    world.win();
    const auto answer = world.describe();
    CHECK(answer->topics[0].partitions[0].leader_id == kSelf);
    CHECK(answer->topics[0].partitions[0].high_watermark == kNoOffset);
}

TEST_CASE("describe quorum: a controller that does not lead says who does", "[api][quorum]") {
    World world;
    world.begin(begin_request().message);
    const auto answer = world.describe();
    CHECK(answer->error_code == ErrorCode::none);
    const auto& partition = answer->topics[0].partitions[0];
    CHECK(partition.error_code == ErrorCode::not_leader_or_follower);
    CHECK(partition.error_message == "this controller does not lead the quorum");
    CHECK(partition.leader_id == kTwo);
    CHECK(partition.leader_epoch == LeaderEpoch(5));
    CHECK(partition.current_voters.empty());
    CHECK(answer->nodes.empty());
}

TEST_CASE("describe quorum: other partitions than the metadata log are unknown", "[api][quorum]") {
    World world;
    world.win();
    OnePartition<DescribeQuorumRequest> request({});
    request.topics[0].topic_name = "topic";
    const auto answer =
        world.ask<DescribeQuorumResponse>(world.describe_handler, request.message, ApiVersion(2));
    const auto& partition = answer->topics[0].partitions[0];
    CHECK(partition.error_code == ErrorCode::unknown_topic_or_partition);
    CHECK(partition.error_message == "the quorum has one partition, __cluster_metadata-0");
    CHECK(partition.current_voters.empty());
}

TEST_CASE("describe quorum: only a caller that may describe the cluster is answered",
          "[api][quorum]") {
    World world;
    world.win();
    world.authorizer.forbid(Operation::describe, kCluster);
    const auto answer = world.describe();
    CHECK(answer->error_code == ErrorCode::cluster_authorization_failed);
    CHECK(answer->topics.empty());
}

}  // namespace
}  // namespace hw::broker
