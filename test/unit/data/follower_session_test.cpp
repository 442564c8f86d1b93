#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "broker/replicas/follower_fetcher.h"
#include "test/support/answered_peer.h"
#include "test/support/log_lines.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using std::chrono::milliseconds;
using Request = schema::FetchRequest;
using Response = schema::FetchResponse;
using Names = std::vector<std::string>;

/// A fetcher with the replicas of "a" and "b", whose leader is played by the test.
struct Bench {
    explicit Bench(const Names& fetched = {"a", "b"}) {
        for (const std::string topic : {"a", "b"}) {
            world.add({.topic = topic,
                       .leader = kOther,
                       .replicas = {kSelf, kOther},
                       .isr = {kSelf, kOther},
                       .options = {.durability = replication::Durability::memory, .produce = {}}});
        }
        for (const std::string& topic : fetched) {
            fetcher->add(world.replica(topic));
        }
        fetcher->start();
        wait_sent(1);
    }
    ~Bench() {
        fetcher->begin_stop();
        bool stopped = false;
        shard.spawn(stop(stopped));
        while (!stopped) {
            if (leader.waiting() > 0) {
                leader.fail_with(ErrorKind::closed);
            }
            world.run_for(milliseconds(1));
        }
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    Task<> stop(bool& stopped) {
        co_await fetcher->stop();
        stopped = true;
    }
    /// Waits until the fetcher has sent so many requests.
    void wait_sent(std::size_t count) {
        REQUIRE(world.run_until([&] { return leader.count() == count; }));
    }
    /// Answers the oldest request with these partitions.
    void answer(const Names& topics, std::int32_t id = 9) {
        const Response::Partition partition{.high_watermark = Offset(0),
                                            .log_start_offset = Offset(0)};
        std::vector<Response::Topic> answered;
        for (const std::string& topic : topics) {
            answered.push_back({.topic_id = world.id_of(topic), .partitions = {&partition, 1}});
        }
        Response response;
        response.session_id = id;
        response.responses = answered;
        leader.answer(response);
    }
    /// Id and epoch of the oldest request.
    [[nodiscard]] std::pair<std::int32_t, std::int32_t> session() const {
        const auto request = leader.front<Request>();
        return {request->session_id, request->session_epoch};
    }
    [[nodiscard]] Names named() const {
        Names names;
        const auto request = leader.front<Request>();
        for (const Request::Topic& topic : request->topics) {
            names.emplace_back(topic.topic_id == world.id_of("a") ? "a" : "b");
        }
        return names;
    }

    test::LogLines log;
    World world;
    Shard& shard = world.shards[0]->shard;
    test::AnsweredPeer leader{shard};
    std::unique_ptr<FollowerFetcher> fetcher = std::make_unique<FollowerFetcher>(
        FollowerFetcher::Ports{.shard = shard,
                               .clock = world.clock,
                               .log = Logger(log, "replicas"),
                               .leader = leader,
                               .broker_epoch = [] { return BrokerEpoch(7); }},
        kOther, FetcherOptions{.self = kSelf});
};

using Session = std::pair<std::int32_t, std::int32_t>;

TEST_CASE("follower session: replicas are named once, and then fetched without being named",
          "[data][follower][session]") {
    Bench bench;
    CHECK(bench.session() == Session{0, 0});
    CHECK(bench.named() == Names{"a", "b"});
    bench.answer({"a", "b"});
    for (const std::int32_t epoch : {1, 2, 3}) {
        bench.wait_sent(static_cast<std::size_t>(epoch) + 1);
        CHECK(bench.session() == Session{9, epoch});
        CHECK(bench.named().empty());
        bench.answer({});
    }
}

TEST_CASE("follower session: a session that the leader has lost is replaced at once",
          "[data][follower][session]") {
    Bench bench;
    bench.answer({"a", "b"});
    bench.wait_sent(2);
    const TimePoint begin = bench.world.clock.now();
    Response refusal;
    refusal.error_code = GENERATE(wire::ErrorCode::fetch_session_id_not_found,
                                  wire::ErrorCode::invalid_fetch_session_epoch);
    bench.leader.answer(refusal);
    bench.wait_sent(3);
    CHECK(bench.world.clock.now() - begin < milliseconds(1));
    CHECK(bench.session() == Session{9, 0});
    CHECK(bench.named() == Names{"a", "b"});
    bench.answer({"a", "b"}, 10);
    bench.wait_sent(4);
    CHECK(bench.session() == Session{10, 1});
}

TEST_CASE("follower session: after a request without an answer the next one is full",
          "[data][follower][session]") {
    Bench bench;
    bench.answer({"a", "b"});
    bench.wait_sent(2);
    bench.leader.fail_with(ErrorKind::closed);
    bench.wait_sent(3);
    CHECK(bench.session() == Session{9, 0});
    CHECK(bench.named() == Names{"a", "b"});
}

TEST_CASE(
    "follower session: a request that does not rest is not part of the session, but its "
    "replicas join it afterwards",
    "[data][follower][session]") {
    Bench bench({"a"});
    bench.answer({"a"});
    bench.wait_sent(2);
    bench.fetcher->add(bench.world.replica("b"));
    bench.wait_sent(3);
    CHECK(bench.session() == Session{9, 1});
    bench.answer({});
    CHECK(bench.session() == Session{0, -1});
    CHECK(bench.named() == Names{"b"});
    CHECK(bench.leader.front<Request>()->max_wait_ms == Millis(0));
    bench.answer({"b"}, 0);
    bench.wait_sent(4);
    CHECK(bench.session() == Session{9, 2});
    CHECK(bench.named() == Names{"b"});
}

}  // namespace
}  // namespace hw::broker
