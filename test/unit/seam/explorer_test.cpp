#include "test/unit/seam/explorer.h"

#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "test/unit/seam/model_atomic.h"

namespace hw::model {
namespace {

using Order = std::string;

/// The orders in which two threads run that have two steps each. `first` and `second` say what they
/// touch.
std::multiset<Order> orders(Explorer& explorer, Touch first, Touch second) {
    std::multiset<Order> seen;
    do {
        Order order;
        const auto thread = [&](char name, Touch touch) {
            return [&order, &explorer, name, touch] {
                explorer.step(touch);
                order += name;
                explorer.step(touch);
                order += name;
            };
        };
        explorer.run({thread('a', first), thread('b', second)});
        seen.insert(order);
    } while (explorer.next());
    return seen;
}

TEST_CASE("explorer: steps on one place run in every order, each once", "[explorer]") {
    Explorer explorer;
    const int place = 0;
    const Touch write{.place = &place, .writes = true};
    const std::multiset<Order> seen = orders(explorer, write, write);
    const std::set<Order> all{"aabb", "abab", "abba", "baab", "baba", "bbaa"};
    CHECK(std::set<Order>(seen.begin(), seen.end()) == all);
    CHECK(explorer.executions() - explorer.redundant() == all.size());
}

TEST_CASE("explorer: steps that may be swapped run in one order", "[explorer]") {
    const int one = 0;
    const int other = 0;
    {
        Explorer explorer;
        orders(explorer, {.place = &one, .writes = true}, {.place = &other, .writes = true});
        CHECK(explorer.executions() - explorer.redundant() == 1);
    }
    Explorer explorer;
    orders(explorer, {.place = &one, .writes = false}, {.place = &one, .writes = false});
    CHECK(explorer.executions() - explorer.redundant() == 1);
}

TEST_CASE("explorer: a limit on preemptions leaves out orders that need more of them",
          "[explorer]") {
    const int place = 0;
    const Touch write{.place = &place, .writes = true};
    {
        Explorer explorer(0);
        CHECK(orders(explorer, write, write) == std::multiset<Order>{"aabb", "bbaa"});
    }
    Explorer explorer(1);
    const std::multiset<Order> seen = orders(explorer, write, write);
    CHECK(seen.count("abba") > 0);
    CHECK(seen.count("abab") == 0);
}

TEST_CASE("explorer: a pick takes every value in some execution", "[explorer]") {
    Explorer explorer;
    std::multiset<std::size_t> seen;
    do {
        explorer.run({[&] { seen.insert(explorer.pick(3)); }});
    } while (explorer.next());
    CHECK(seen == std::multiset<std::size_t>{0, 1, 2});
}

/// True if, in some execution, a reader sees the flag but not the data written before it.
bool races(std::memory_order store, std::memory_order load) {
    Explorer explorer;
    bool raced = false;
    do {
        ModelAtomic<int> flag = 0;
        Plain data;
        const auto writer = [&] {
            raced = !data.touch() || raced;
            flag.store(1, store);
        };
        const auto reader = [&] { raced = (flag.load(load) == 1 && !data.touch()) || raced; };
        explorer.run({writer, reader});
    } while (explorer.next());
    return raced;
}

TEST_CASE("explorer: plain memory is ordered only by a release that is acquired", "[explorer]") {
    CHECK_FALSE(races(std::memory_order_release, std::memory_order_acquire));
    CHECK(races(std::memory_order_relaxed, std::memory_order_acquire));
    CHECK(races(std::memory_order_release, std::memory_order_relaxed));
}

}  // namespace
}  // namespace hw::model
