#include "broker/metadata/producer_id_pool.h"

#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "test/sim/sim_clock.h"
#include "test/support/answered_peer.h"
#include "test/support/raft_process.h"

namespace hw::broker {
namespace {

using schema::AllocateProducerIdsRequest;
using schema::AllocateProducerIdsResponse;

/// A data shard, the control shard with the pool, and a controller that the test plays.
struct World {
    explicit World(std::uint64_t seed = 1) : scheduler(seed) {}
    ~World() { CHECK(stop()); }

    bool stop() {
        bool stopped = false;
        control.spawn(stop_pool(stopped));
        while (controller.waiting() > 0) {
            controller.fail_with(ErrorKind::closed);
        }
        return run_until([&] { return stopped; });
    }
    Task<> stop_pool(bool& stopped) {
        co_await pool.stop();
        stopped = true;
    }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(1));
    }
    void take(std::size_t count = 1) {
        for (std::size_t taken = 0; taken < count; ++taken) {
            pool.take(data, [this](std::optional<ProducerId> id) { given.push_back(id); });
        }
    }
    void answer_block(std::int64_t first, std::int32_t count) {
        REQUIRE(run_until([&] { return controller.waiting() > 0; }));
        controller.answer(AllocateProducerIdsResponse{.producer_id_start = ProducerId(first),
                                                      .producer_id_len = count});
    }
    bool all_given(std::size_t count) {
        return run_until([&] { return given.size() == count; });
    }

    sim::Scheduler scheduler;
    sim::SimShard data{scheduler, 1, 0};
    sim::SimShard control{scheduler, 1, 1};
    sim::SimClock clock{scheduler};
    test::NullLogSink log;
    test::AnsweredPeer controller{control};
    BrokerEpoch epoch{17};
    ProducerIdPool pool{control, clock, controller,
                        [this] { return BrokerIdentity{BrokerId(3), epoch}; }, Logger(log, "test")};
    std::vector<std::optional<ProducerId>> given;
};

TEST_CASE("producer ids: the broker asks for a block with its current epoch",
          "[metadata][producer-ids]") {
    World world;
    world.take();
    REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
    const auto request = world.controller.front<AllocateProducerIdsRequest>();
    CHECK(request->broker_id == BrokerId(3));
    CHECK(request->broker_epoch == BrokerEpoch(17));
    world.epoch = BrokerEpoch(18);
    world.controller.answer(
        AllocateProducerIdsResponse{.error_code = wire::ErrorCode::stale_broker_epoch});
    REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
    CHECK(world.controller.front<AllocateProducerIdsRequest>()->broker_epoch == BrokerEpoch(18));
    world.answer_block(7000, 1000);
    REQUIRE(world.all_given(1));
    CHECK(world.given.front() == ProducerId(7000));
}

TEST_CASE("producer ids: callers at the same time wait for one block, and each gets its own id",
          "[metadata][producer-ids]") {
    World world(GENERATE(range(std::uint64_t{1}, std::uint64_t{10})));
    world.take(500);
    REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
    world.answer_block(0, 1000);
    REQUIRE(world.all_given(500));
    CHECK(world.controller.count() == 1);
    const std::set<std::optional<ProducerId>> distinct(world.given.begin(), world.given.end());
    CHECK(distinct.size() == 500);
    CHECK_FALSE(distinct.contains(std::nullopt));
}

TEST_CASE("producer ids: the next block is asked for before the last id is gone",
          "[metadata][producer-ids]") {
    World world;
    world.take(899);
    world.answer_block(0, 1000);
    REQUIRE(world.all_given(899));
    CHECK(world.controller.count() == 1);
    world.take();
    REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
    world.take(100);
    REQUIRE(world.all_given(1000));
    CHECK(world.controller.count() == 2);
    world.answer_block(1000, 1000);
    world.take();
    REQUIRE(world.all_given(1001));
    CHECK(world.given.back() == ProducerId(1000));
}

TEST_CASE("producer ids: callers wait for as many blocks as they need",
          "[metadata][producer-ids]") {
    World world;
    world.take(25);
    for (const std::int64_t first : {0, 10, 20}) {
        world.answer_block(first, 10);
    }
    REQUIRE(world.all_given(25));
    CHECK(world.given.back() == ProducerId(24));
}

TEST_CASE("producer ids: without a controller a caller is refused after kMaxWait, not before",
          "[metadata][producer-ids]") {
    World world;
    world.take();
    const TimePoint begun = world.clock.now();
    REQUIRE(world.all_given(1));
    CHECK_FALSE(world.given.front());
    CHECK(world.clock.now() - begun >= ProducerIdPool::kMaxWait);
    CHECK(world.clock.now() - begun < ProducerIdPool::kMaxWait + ProducerIdPool::kAttempt);
    CHECK(world.controller.count() > 3);
}

TEST_CASE("producer ids: a full queue of callers does not shorten the request for them",
          "[metadata][producer-ids]") {
    World world;
    // Callers whose waits end one soon after the other.
    for (Duration passed{}; passed < ProducerIdPool::kMaxWait;
         passed += std::chrono::milliseconds(40)) {
        world.take();
        world.scheduler.run_until([] { return false; },
                                  world.scheduler.now() + std::chrono::milliseconds(40));
    }
    REQUIRE(world.run_until([&] { return !world.given.empty(); }));
    const std::size_t sent = world.controller.count();
    REQUIRE(world.run_until([&] { return world.controller.count() > sent; }));
    const TimePoint begun = world.clock.now();
    REQUIRE(world.run_until([&] { return world.controller.count() > sent + 1; }));
    CHECK(world.clock.now() - begun >= ProducerIdPool::kAttempt);
}

TEST_CASE("producer ids: waiting callers get ids if the controller comes back in time",
          "[metadata][producer-ids]") {
    World world;
    world.take();
    for (int attempt = 0; attempt < 3; ++attempt) {
        REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
        world.controller.fail_with(ErrorKind::closed);
    }
    world.answer_block(40, 1000);
    REQUIRE(world.all_given(1));
    CHECK(world.given.front() == ProducerId(40));
}

TEST_CASE("producer ids: a failed request is not repeated while nobody waits for an id",
          "[metadata][producer-ids]") {
    World world;
    world.take(900);
    world.answer_block(0, 1000);
    REQUIRE(world.all_given(900));
    REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
    world.controller.fail_with(ErrorKind::closed);
    CHECK_FALSE(world.run_until([&] { return world.controller.waiting() > 0; }));
    world.take();
    REQUIRE(world.all_given(901));
    CHECK(world.run_until([&] { return world.controller.waiting() == 1; }));
}

TEST_CASE("producer ids: a block that repeats ids of an earlier one is never used",
          "[metadata][producer-ids]") {
    World world;
    world.take(10);
    world.answer_block(100, 10);
    REQUIRE(world.all_given(10));
    world.take();
    world.answer_block(105, 10);
    world.answer_block(110, 10);
    REQUIRE(world.all_given(11));
    CHECK(world.given.back() == ProducerId(110));
}

TEST_CASE("producer ids: callers over the limit of waiting callers are refused at once",
          "[metadata][producer-ids]") {
    World world;
    world.take(ProducerIdPool::kMaxWaiting);
    REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
    CHECK(world.given.empty());
    world.take();
    REQUIRE(world.all_given(1));
    CHECK_FALSE(world.given.front());
}

TEST_CASE("producer ids: a stop refuses waiting and later callers, and sends no further request",
          "[metadata][producer-ids]") {
    World world;
    world.take();
    REQUIRE(world.run_until([&] { return world.controller.waiting() == 1; }));
    world.pool.begin_stop();
    world.controller.fail_with(ErrorKind::closed);
    REQUIRE(world.all_given(1));
    world.take();
    REQUIRE(world.all_given(2));
    CHECK_FALSE(world.given.front());
    CHECK_FALSE(world.given.back());
    CHECK(world.stop());
    CHECK(world.controller.count() == 1);
}

}  // namespace
}  // namespace hw::broker
