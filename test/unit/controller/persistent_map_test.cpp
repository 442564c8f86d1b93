#include "controller/image/persistent_map.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"

namespace hw::controller {
namespace {

using Model = std::map<int, int>;
using Map = PersistentMap<int, int>;

bool agree(const Map& map, const Model& model) {
    auto expected = model.begin();
    for (const auto& [key, value] : map) {
        if (expected == model.end() || key != expected->first || value != expected->second) {
            return false;
        }
        ++expected;
    }
    return expected == model.end() && map.size() == model.size();
}

TEST_CASE("persistent map: after random changes it has the entries of an ordinary map", "[image]") {
    Random random(7);
    Map map;
    Model model;
    for (int step = 0; step < 20'000; ++step) {
        const int key = static_cast<int>(random.below(500));
        if (random.chance(1, 2)) {
            map.put(key, step);
            model[key] = step;
        } else {
            REQUIRE(map.erase(key) == (model.erase(key) == 1));
        }
        if (step % 100 == 0) {
            REQUIRE(agree(map, model));
        }
    }
    CHECK(agree(map, model));
    for (int key = -1; key <= 501; ++key) {
        const auto expected = model.find(key);
        const int* found = map.find(key);
        REQUIRE((found != nullptr) == (expected != model.end()));
        REQUIRE((found == nullptr || *found == expected->second));
        const auto bound = map.lower_bound(key);
        const auto expected_bound = model.lower_bound(key);
        REQUIRE((bound == map.end()) == (expected_bound == model.end()));
        REQUIRE((bound == map.end() || bound->first == expected_bound->first));
    }
}

TEST_CASE("persistent map: a copy does not change when the original does", "[image]") {
    Random random(8);
    Map map;
    Model model;
    std::vector<std::pair<Map, Model>> copies;
    for (int step = 0; step < 2'000; ++step) {
        const int key = static_cast<int>(random.below(200));
        if (random.chance(2, 3)) {
            map.put(key, step);
            model[key] = step;
        } else {
            map.erase(key);
            model.erase(key);
        }
        copies.emplace_back(map, model);
    }
    for (const auto& [copy, expected] : copies) {
        REQUIRE(agree(copy, expected));
    }
}

TEST_CASE("persistent map: an iterator from a lower bound visits the rest in order", "[image]") {
    Map map;
    for (int key = 0; key < 100; key += 2) {
        map.put(key, key);
    }
    std::vector<int> keys;
    for (auto at = map.lower_bound(89); at != map.end(); ++at) {
        keys.push_back(at->first);
    }
    CHECK(keys == std::vector{90, 92, 94, 96, 98});
}

TEST_CASE("persistent map: a change to one of many entries copies no value", "[image]") {
    struct Tracked {
        explicit Tracked(int& counter) : copies(&counter) {}
        Tracked(const Tracked& other) : copies(other.copies) { ++*copies; }
        Tracked(Tracked&& other) noexcept = default;
        int* copies;
    };
    int copies = 0;
    PersistentMap<int, Tracked> map;
    for (int key = 0; key < 10'000; ++key) {
        map.put(key, Tracked(copies));
    }
    const auto before = map;
    map.put(5'000, Tracked(copies));
    map.erase(6'000);
    CHECK(copies == 0);
    CHECK(before.size() == 10'000);
    // Both maps share the entries that did not change.
    CHECK(before.find(7'000) == map.find(7'000));
    CHECK(before.find(5'000) != map.find(5'000));
}

TEST_CASE("persistent map: keys that are inserted in rising order give a shallow tree", "[image]") {
    // An iterator has room for a path of 48 nodes. In an unbalanced tree the path would have
    // 100,000.
    Map map;
    for (int key = 0; key < 100'000; ++key) {
        map.put(key, key);
    }
    int expected = 0;
    for (const auto& [key, value] : map) {
        REQUIRE(key == expected++);
    }
    CHECK(expected == 100'000);
}

}  // namespace
}  // namespace hw::controller
