#include "controller/placement/placement.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

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

TEST_CASE("placement: the replicas of a partition are spread over the racks",
          "[controller][placement]") {
    // Three racks of different sizes, and one broker without a rack.
    const std::vector<std::pair<std::int32_t, std::string>> nodes{
        {1, "a"}, {2, "a"}, {3, "a"}, {4, "b"}, {5, "b"}, {6, "c"}, {7, ""}};
    std::vector<Candidate> candidates;
    std::map<BrokerId, std::string> racks;
    for (const auto& [id, rack] : nodes) {
        candidates.push_back({BrokerId(id), rack});
        racks[BrokerId(id)] = rack;
    }
    Random random(6);
    for (std::int16_t replicas = 1; replicas <= 7; ++replicas) {
        const auto placed =
            place_striped(candidates, {.partitions = 70, .replicas = replicas}, random);
        std::map<BrokerId, int> led;
        for (const auto& chosen : placed) {
            std::set<std::string> used;
            for (const BrokerId id : chosen) {
                used.insert(racks.at(id));
            }
            CHECK(used.size() == std::min<std::size_t>(4, static_cast<std::size_t>(replicas)));
            CHECK(std::set(chosen.begin(), chosen.end()).size() == chosen.size());
            ++led[chosen.front()];
        }
        for (const auto& [id, times] : led) {
            CHECK(times == 10);
        }
    }
}

TEST_CASE("placement: racks of the same size get the same number of replicas",
          "[controller][placement]") {
    std::vector<Candidate> candidates;
    for (std::int32_t id = 0; id < 6; ++id) {
        candidates.push_back({BrokerId(id), id < 3 ? "left" : "right"});
    }
    Random random(7);
    std::map<BrokerId, int> count;
    for (const auto& chosen :
         place_striped(candidates, {.partitions = 300, .replicas = 2}, random)) {
        CHECK((chosen[0] < BrokerId(3)) != (chosen[1] < BrokerId(3)));
        ++count[chosen[0]];
        ++count[chosen[1]];
    }
    for (const auto& [id, replicas] : count) {
        CHECK(replicas >= 80);
        CHECK(replicas <= 120);
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

TEST_CASE("placement: brokers with an open directory are candidates, those in service apart",
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
    REQUIRE(candidates.in_service.size() == 1);
    CHECK(candidates.in_service.front().id == BrokerId(1));
    REQUIRE(candidates.others.size() == 2);
    CHECK(candidates.others.front().id == BrokerId(2));
    CHECK(candidates.others.back().id == BrokerId(3));
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
