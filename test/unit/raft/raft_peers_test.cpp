#include <array>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/batch.h"
#include "protocol/record/batch_builder.h"
#include "replication/raft/metadata_topic.h"
#include "replication/raft/raft_node.h"
#include "test/support/answered_peer.h"
#include "test/support/log_lines.h"
#include "test/support/raft_process.h"

/// What a raft node makes of the answers of its peers.
namespace hw::replication {
namespace {

using schema::FetchRequest;
using schema::FetchResponse;

constexpr BrokerId kLeader{2};
constexpr LeaderEpoch kEpoch{3};

/// Ignores what the node reports.
class SilentListener final : public RaftListener {
public:
    void on_activate(LeaderEpoch, Offset) override {}
    void on_resign(LeaderEpoch) override {}
    void on_committed(Offset) override {}
    void on_leader(BrokerId) override {}
    void on_failure(const Error&) override { failed = true; }

    bool failed = false;
};

/// Node 1 of three voters, which follows node 2. The test plays the other nodes.
struct World {
    World() {
        test::make_metadata_folder(disk);
        test::RaftQuorum quorum;
        std::vector<Voter> voters{{test::kRaftSelf, {"localhost", 9001}}};
        for (const std::int32_t id : {2, 3}) {
            voters.push_back({{BrokerId(id), {}}, {"localhost", 9002}});
            quorum.peers[BrokerId(id)] = {.calls = &calls, .fetches = &fetches};
        }
        quorum.voters = VoterSet(std::move(voters));
        process.emplace(scheduler, disk, log, std::move(quorum));
        process->node->start(listener);
        process->shard.spawn(follow());
        REQUIRE(run_until([&] { return fetches.waiting() == 1; }));
    }
    /// Destroys the coroutines that wait for the played nodes, before what they use.
    ~World() { others.drop(); }

    Task<> follow() {
        const BeginEpochCall call{kEpoch, kLeader};
        const auto answer = co_await process->node->begin_epoch(call);
        REQUIRE(answer.has_value());
    }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::seconds(30));
    }
    const RaftCore& core() { return process->node->core(); }
    /// The offset of the fetch that waits for an answer.
    Offset fetch_offset() {
        return fetches.front<FetchRequest>()->topics[0].partitions[0].fetch_offset;
    }
    /// Answers the fetch that waits, with these records.
    void answer(const std::string& bytes) {
        const std::array records{as_bytes(bytes)};
        FetchResponse::Partition partition;
        partition.current_leader = {.leader_id = kLeader, .leader_epoch = kEpoch};
        partition.high_watermark = kNoOffset;
        partition.records = records;
        const std::array partitions{partition};
        const std::array topics{
            FetchResponse::Topic{.topic_id = kMetadataTopicId, .partitions = partitions}};
        FetchResponse response;
        response.responses = topics;
        fetches.answer(response);
    }
    /// Answers with records that must be refused, and waits for the fetch that follows.
    void answer_bad(const std::string& bytes) {
        const Offset end = core().log().end().end_offset;
        const std::size_t fetched = fetches.count();
        answer(bytes);
        REQUIRE(run_until([&] { return fetches.count() == fetched + 1; }));
        CHECK(log.have("are refused"));
        CHECK(core().log().end().end_offset == end);
        CHECK(fetch_offset() == end);
        CHECK_FALSE(listener.failed);
    }

    sim::Scheduler scheduler{1};
    sim::SimDisk disk{scheduler, 1};
    test::LogLines log;
    SilentListener listener;
    /// The shard of the played nodes.
    sim::SimShard others{scheduler, 2, 0};
    test::AnsweredPeer calls{others};
    test::AnsweredPeer fetches{others};
    std::optional<test::RaftProcess> process;
};

/// A batch of two records.
std::string batch(std::int64_t base_offset, LeaderEpoch epoch = kEpoch) {
    record::BatchBuilder builder(
        {.base_offset = Offset(base_offset), .leader_epoch = epoch, .compression = {}});
    for (const std::string_view value : {"first", "second"}) {
        builder.add({.key = {}, .value = as_bytes(value), .headers = {}});
    }
    record::Compressor compressor;
    return std::string(as_text(builder.finish(compressor)->view()));
}

TEST_CASE("raft peers: fetched records are added to the log, and acknowledged when durable",
          "[raft][node]") {
    World world;
    CHECK(world.fetch_offset() == Offset(0));
    world.answer(batch(0, LeaderEpoch(1)) + batch(2));
    REQUIRE(world.run_until([&] { return world.fetches.waiting() == 1; }));
    CHECK(world.fetch_offset() == Offset(4));
    CHECK(world.core().log().end() == LogEnd{kEpoch, Offset(4)});
    CHECK(world.core().log().durable_end_offset() == Offset(4));
}

TEST_CASE("raft peers: the part of a batch at the end of an answer is left out", "[raft][node]") {
    World world;
    world.answer(batch(0) + batch(2).substr(0, 20));
    REQUIRE(world.run_until([&] { return world.fetches.waiting() == 1; }));
    CHECK(world.fetch_offset() == Offset(2));
}

TEST_CASE("raft peers: records with a wrong checksum are refused, and fetched again",
          "[raft][node]") {
    World world;
    std::string damaged = batch(0);
    damaged.back() = '?';
    world.answer_bad(damaged);
    world.answer(batch(0));
    REQUIRE(world.run_until([&] { return world.core().log().end().end_offset == Offset(2); }));
}

TEST_CASE("raft peers: bytes that are no batch are refused", "[raft][node]") {
    World world;
    world.answer_bad(std::string(100, '\0'));
    world.answer_bad(batch(0).substr(0, 20));
}

TEST_CASE("raft peers: records of an epoch above the leader's are refused", "[raft][node]") {
    World world;
    world.answer_bad(batch(0, kEpoch + 1));
}

TEST_CASE("raft peers: records without an epoch are refused", "[raft][node]") {
    World world;
    world.answer_bad(batch(0, kNoLeaderEpoch));
}

TEST_CASE("raft peers: records whose epochs fall are refused", "[raft][node]") {
    World world;
    world.answer_bad(batch(0) + batch(2, LeaderEpoch(2)));
    world.answer(batch(0));
    REQUIRE(world.run_until([&] { return world.fetches.waiting() == 1; }));
    world.answer_bad(batch(2, LeaderEpoch(2)));
}

TEST_CASE("raft peers: records that do not continue the log are refused", "[raft][node]") {
    World world;
    world.answer(batch(0));
    REQUIRE(world.run_until([&] { return world.fetches.waiting() == 1; }));
    world.answer_bad(batch(0));
    world.answer_bad(batch(1));
    world.answer_bad(batch(3));
    world.answer_bad(batch(2) + batch(2));
    world.answer_bad(batch(INT64_MAX - 1));
    world.answer_bad(batch(INT64_MAX));
    world.answer_bad(batch(-1));
}

/// Grants the oldest call for a vote, in its epoch.
void grant_vote(World& world) {
    const auto asked = world.calls.front<schema::VoteRequest>();
    const std::array partitions{schema::VoteResponse::Partition{
        .leader_id = kNoBroker,
        .leader_epoch = asked->topics[0].partitions[0].replica_epoch,
        .vote_granted = true}};
    const std::array topics{
        schema::VoteResponse::Topic{.topic_name = kMetadataTopic, .partitions = partitions}};
    schema::VoteResponse response;
    response.topics = topics;
    world.calls.answer(response);
}

Task<> stop(RaftNode& node, bool& stopped) {
    co_await node.stop();
    stopped = true;
}

TEST_CASE("raft peers: a node that is stopped while it leads does not seem to lead any more",
          "[raft][node]") {
    World world;
    while (!world.core().leads()) {
        REQUIRE(world.run_until([&] { return world.calls.waiting() > 0 || world.core().leads(); }));
        if (!world.core().leads()) {
            grant_vote(world);
        }
    }
    bool stopped = false;
    world.process->shard.spawn(stop(*world.process->node, stopped));
    while (world.calls.waiting() > 0) {
        world.calls.fail_with(ErrorKind::closed);
    }
    REQUIRE(world.run_until([&] { return stopped; }));
    CHECK_FALSE(world.core().leads());
}

}  // namespace
}  // namespace hw::replication
