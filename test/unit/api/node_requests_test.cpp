#include "broker/api/node_requests.h"

#include <catch2/catch.hpp>

#include "test/sim/scheduler.h"
#include "test/sim/sim_clock.h"
#include "test/support/log_lines.h"

namespace hw::broker {
namespace {

constexpr IncarnationId kRun{Uuid{1, 1}};
constexpr IncarnationId kNextRun{Uuid{1, 2}};

wire::Refusal unsupported() {
    return {wire::ErrorCode::unsupported_version, "the reason"};
}

struct World {
    void refuse(std::int32_t node, IncarnationId run, const wire::Refusal& refusal) {
        refused.note("broker", BrokerId(node), run, refusal);
    }

    sim::Scheduler scheduler{1};
    sim::SimClock clock{scheduler};
    test::LogLines log;
    RefusedRegistrations refused{Logger(log, "controller"), clock};
};

TEST_CASE("refused registrations: the reason is logged once for each process and error",
          "[api][registration]") {
    World world;
    world.refuse(1, kRun, unsupported());
    world.refuse(1, kRun, unsupported());
    REQUIRE(world.log.lines.size() == 1);
    CHECK(world.log.lines[0] ==
          "the registration of broker 1 is refused: UNSUPPORTED_VERSION: the reason");
    world.refuse(2, kRun, unsupported());
    world.refuse(1, kNextRun, unsupported());
    world.refuse(1, kNextRun, {wire::ErrorCode::inconsistent_cluster_id, "another one"});
    CHECK(world.log.lines.size() == 4);
}

TEST_CASE(
    "refused registrations: an accepted one, and that of an inactive controller, are not "
    "logged",
    "[api][registration]") {
    World world;
    world.refuse(1, kRun, {});
    world.refuse(1, kRun, {wire::ErrorCode::not_controller, "not the active one"});
    CHECK(world.log.lines.empty());
    world.refuse(1, kRun, unsupported());
    world.refuse(1, kRun, {});
    world.refuse(1, kRun, unsupported());
    CHECK(world.log.lines.size() == 2);
}

}  // namespace
}  // namespace hw::broker
