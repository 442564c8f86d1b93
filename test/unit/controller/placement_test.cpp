#include "controller/placement/placement.h"

#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "controller/image/topic_image.h"
#include "test/unit/controller/world.h"

namespace hw::controller {
namespace {

using testing::uuid;

std::vector<Candidate> brokers(std::int32_t count) {
    std::vector<Candidate> candidates;
    for (std::int32_t id = 0; id < count; ++id) {
        candidates.push_back({BrokerId(id * 7), ""});
    }
    return candidates;
}

BrokerImage broker(std::int32_t id, std::vector<DirectoryId> directories) {
    BrokerImage image;
    image.id = BrokerId(id);
    image.fenced = false;
    image.log_dirs = std::move(directories);
    return image;
}

TEST_CASE(
    "placement: replicas of a partition are on different brokers, and leaders are evenly spread",
    "[controller][placement]") {
    Random random(3);
    for (std::int32_t count = 1; count <= 7; ++count) {
        for (std::int16_t replicas = 1; replicas <= count; ++replicas) {
            const auto placed = place_striped(
                brokers(count), {.partitions = 3 * count + 1, .replicas = replicas}, random);
            REQUIRE(placed.size() == static_cast<std::size_t>(3 * count + 1));
            std::map<BrokerId, int> led;
            for (const auto& chosen : placed) {
                ++led[chosen.front()];
                REQUIRE(std::set(chosen.begin(), chosen.end()).size() ==
                        static_cast<std::size_t>(replicas));
            }
            for (const auto& [id, times] : led) {
                REQUIRE(times >= 3);
                REQUIRE(times <= 4);
            }
        }
    }
}

TEST_CASE("placement: partitions of one leader have their followers on all other brokers",
          "[controller][placement]") {
    Random random(4);
    const auto placed = place_striped(brokers(5), {.partitions = 20, .replicas = 2}, random);
    std::map<BrokerId, std::set<BrokerId>> followers;
    for (const auto& chosen : placed) {
        followers[chosen[0]].insert(chosen[1]);
    }
    for (const auto& [leader, distinct] : followers) {
        CHECK(distinct.size() == 4);
    }
}

TEST_CASE("placement: not every topic starts at the same broker", "[controller][placement]") {
    Random random(5);
    std::set<BrokerId> leaders;
    for (int topic = 0; topic < 100; ++topic) {
        leaders.insert(place_striped(brokers(5), {}, random).front().front());
    }
    CHECK(leaders.size() == 5);
}

TEST_CASE("placement: only brokers in service with an open directory are candidates",
          "[controller][placement]") {
    const DirectoryId a(uuid(1));
    const DirectoryId b(uuid(2));
    MetadataImage image("c");
    image.put(broker(1, {a}));
    BrokerImage fenced = broker(2, {a});
    fenced.fenced = true;
    image.put(fenced);
    BrokerImage stopping = broker(3, {a});
    stopping.in_controlled_shutdown = true;
    image.put(stopping);
    BrokerImage full = broker(4, {a, b});
    full.cordoned_log_dirs = {a, b};
    image.put(full);
    const auto candidates = placement_candidates(image);
    REQUIRE(candidates.size() == 1);
    CHECK(candidates.front().id == BrokerId(1));
}

TEST_CASE("placement: new replicas go to the directories of a broker in turn",
          "[controller][placement]") {
    const DirectoryId a(uuid(1));
    const DirectoryId b(uuid(2));
    CHECK(directory_for_new_replica(broker(1, {a}), 7) == a);
    CHECK(directory_for_new_replica(broker(1, {a, b}), 6) == a);
    CHECK(directory_for_new_replica(broker(1, {a, b}), 7) == b);
    CHECK(directory_for_new_replica(broker(1, {}), 7) == kMigratingDirectory);
    BrokerImage half = broker(1, {a, b});
    half.cordoned_log_dirs = {a};
    CHECK(directory_for_new_replica(half, 6) == b);
    half.cordoned_log_dirs = {a, b};
    CHECK(directory_for_new_replica(half, 6) == kUnassignedDirectory);
}

}  // namespace
}  // namespace hw::controller
