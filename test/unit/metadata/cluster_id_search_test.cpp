#include "broker/metadata/cluster_id_search.h"

#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/describe_cluster.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"
#include "test/support/answered_peer.h"
#include "test/support/log_lines.h"

namespace hw::broker {
namespace {

using schema::DescribeClusterRequest;
using schema::DescribeClusterResponse;

struct World {
    World() { shard.spawn(run()); }
    ~World() {
        search.cancel();
        while (peer.waiting() > 0) {
            peer.fail_with(ErrorKind::closed);
        }
        CHECK(run_until([&] { return result.has_value(); }));
    }

    Task<> run() {
        auto found = co_await search.run();
        result = std::move(found);
    }
    bool run_until(const std::function<bool()>& done) {
        return scheduler.run_until(done, scheduler.now() + std::chrono::minutes(10));
    }
    void answer(const DescribeClusterResponse& response) {
        REQUIRE(run_until([&] { return peer.waiting() > 0; }));
        peer.answer(response);
    }
    void pass(Duration span) {
        const TimePoint end = scheduler.now() + span;
        scheduler.run_until([&] { return false; }, end);
    }

    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    sim::SimClock clock{scheduler};
    test::LogLines log;
    ControllerLocator locator{{{BrokerId(1), {"one", 9093}}, {BrokerId(2), {"two", 9093}}}};
    test::AnsweredPeer peer{shard};
    ClusterIdSearch search{{shard, clock, Logger(log, "test")}, locator, peer};
    std::optional<Result<std::string>> result;
};

TEST_CASE("cluster id: controllers are asked in turn until one answers", "[metadata][cluster-id]") {
    World world;
    REQUIRE(world.run_until([&] { return world.peer.waiting() == 1; }));
    CHECK(world.peer.front<DescribeClusterRequest>()->endpoint_type == 2);
    CHECK(world.locator.to_ask().id == BrokerId(1));
    world.peer.fail_with(ErrorKind::closed);
    REQUIRE(world.run_until([&] { return world.peer.waiting() == 1; }));
    CHECK(world.locator.to_ask().id == BrokerId(2));
    world.answer({.cluster_id = "ZA1NPtk3TY6O07yPJQN2Mg"});
    REQUIRE(world.run_until([&] { return world.result.has_value(); }));
    CHECK(world.result->value() == "ZA1NPtk3TY6O07yPJQN2Mg");
    CHECK_FALSE(world.log.have("waits for a controller"));
}

TEST_CASE("cluster id: one that cannot stand in a file of properties is not taken",
          "[metadata][cluster-id]") {
    World world;
    world.pass(std::chrono::seconds(2));
    const std::string id = GENERATE(as<std::string>(), "", "x\nnode.id=9", "abc\r", "a=b", "a b",
                                    std::string(65, 'a'));
    world.answer({.cluster_id = id});
    REQUIRE(world.run_until([&] { return world.peer.waiting() == 1; }));
    CHECK_FALSE(world.result);
    REQUIRE_FALSE(world.log.lines.empty());
    CHECK(
        world.log.lines.back().ends_with("its answer has no valid cluster id, which has 1 to "
                                         "64 of a-z, A-Z, 0-9, '.', '_' and '-'"));
    world.answer({.cluster_id = std::string_view("good")});
    REQUIRE(world.run_until([&] { return world.result.has_value(); }));
    CHECK(world.result->value() == "good");
}

TEST_CASE("cluster id: the trouble with each controller is logged once in half a minute",
          "[metadata][cluster-id]") {
    World world;
    const TimePoint end = world.scheduler.now() + std::chrono::seconds(25);
    while (world.scheduler.now() < end) {
        world.answer({.error_code = wire::ErrorCode::unsupported_version});
        world.pass(std::chrono::milliseconds(50));
    }
    CHECK(world.log.lines.size() == 2);
}

}  // namespace
}  // namespace hw::broker
