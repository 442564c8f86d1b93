#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"
#include "test/unit/controller/random_cluster.h"

namespace hw::controller::testing {
namespace {

TEST_CASE(
    "properties: under random requests and losses of leadership the committed image equals the "
    "replayed log, and its invariants hold",
    "[controller][property]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        INFO("seed " << seed);
        RandomCluster cluster(seed);
        Random random(seed);
        const World& world = cluster.world();
        for (int step = 0; step < 900; ++step) {
            REQUIRE(cluster.step() == "");
            if (random.chance(1, 20)) {
                REQUIRE(text_of(world.committed_image()) == world.replay());
            }
            if (world.uncommitted() == 0) {
                REQUIRE(text_of(world.image()) == text_of(world.committed_image()));
                REQUIRE(world.answers() == cluster.asked());
            }
        }
    }
}

TEST_CASE("properties: the same seed gives the same records", "[controller][property]") {
    const auto run = [](std::uint64_t seed) {
        RandomCluster cluster(seed);
        for (int step = 0; step < 900; ++step) {
            REQUIRE(cluster.step() == "");
        }
        return cluster.world().records();
    };
    const std::vector<std::string> first = run(42);
    CHECK(first.size() > 200);
    CHECK(first == run(42));
    CHECK(first != run(43));
}

/// The rule that the mutant breaks first, over some seeds.
std::string caught(const ControllerMutants& mutants) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        RandomCluster cluster(seed, mutants);
        for (int step = 0; step < 900; ++step) {
            if (const std::string rule = cluster.step(); !rule.empty()) {
                return rule;
            }
        }
    }
    return "";
}

TEST_CASE("properties: each mutant of the controller breaks the rule that it drops",
          "[controller][property][mutant]") {
    CHECK(caught({}) == "");
    CHECK(caught({.ignores_partition_epoch = true}) == "a change from an older state was accepted");
    CHECK(caught({.admits_ineligible_replicas = true}) == "an ineligible replica was admitted");
    CHECK(caught({.elects_fenced_brokers = true}) == "a broker leads that is not in service");
    CHECK(caught({.elects_uncleanly = true}) == "a leader was elected from outside the ISR");
}

}  // namespace
}  // namespace hw::controller::testing
