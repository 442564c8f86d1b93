#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/core.h>

#include "test/explore/raft_world.h"

namespace hw::test {
namespace {

using replication::RaftMutants;
using Kind = ModelEvent::Kind;

/// Visits all states that a world can reach within a number of events, depth first.
class Exploration {
public:
    void run(const RaftWorld& from, int events) {
        visit(from, events);
        events_left_.clear();
    }
    /// Goes on from `from` with events drawn from `random`, until a rule breaks.
    void walk(RaftWorld world, int events, Random& random) {
        for (int i = 0; i < events && broken_.empty(); ++i) {
            const std::vector<ModelEvent> choice = world.events();
            if (choice.empty()) {
                return;
            }
            const ModelEvent& event = choice[random.below(choice.size())];
            const bool helps = event.kind == Kind::deliver || event.kind == Kind::sync;
            if (!helps && !random.chance(1, 4)) {
                continue;  // progress is more likely than faults
            }
            world.apply(event);
            note(world);
        }
    }

    [[nodiscard]] std::size_t states() const { return states_.size(); }
    [[nodiscard]] const std::set<std::uint8_t>& transitions() const { return transitions_; }
    /// The first broken rule, with the state in which it broke; empty if there is none.
    [[nodiscard]] const std::string& broken() const { return broken_; }

private:
    void note(RaftWorld& world) {
        states_.insert(world.digest());
        transitions_.insert(world.transitions().begin(), world.transitions().end());
        world.forget_transitions();
        if (world.broken()) {
            broken_ = *world.broken() + "\n" + world.describe();
        }
    }
    void visit(const RaftWorld& world, int events) {
        const auto [place, is_new] = events_left_.try_emplace(world.digest(), events);
        if (!is_new && place->second >= events) {
            return;
        }
        place->second = events;
        if (events == 0) {
            return;
        }
        for (const ModelEvent& event : world.events()) {
            RaftWorld next = world;
            next.apply(event);
            note(next);
            if (!broken_.empty()) {
                return;
            }
            visit(next, events - 1);
        }
    }

    std::unordered_map<std::uint64_t, int> events_left_;
    std::unordered_set<std::uint64_t> states_;
    std::set<std::uint8_t> transitions_;
    std::string broken_;
};

constexpr WorldLimits kManyFaults{.max_epoch = 5, .crashes = 4, .appends = 2, .messages = 8};

/// Lets node 0 win the first election, and delivers everything until its first record is committed
/// everywhere.
RaftWorld elected(WorldLimits limits, RaftMutants mutants = {}) {
    RaftWorld world(limits, mutants);
    world.apply({Kind::time_out, 0});
    for (int i = 0; i < 200; ++i) {
        for (const ModelEvent& event : world.events()) {
            if (event.kind == Kind::deliver || event.kind == Kind::sync) {
                world.apply(event);
                break;
            }
        }
        const bool is_ready = world.core(BrokerId(0)).active() &&
                              world.core(BrokerId(1)).high_watermark() == Offset(1) &&
                              world.core(BrokerId(2)).high_watermark() == Offset(1);
        if (is_ready) {
            return world;
        }
    }
    FAIL("no leader:\n" << world.describe());
    return world;
}

/// The transitions of the table in replication/raft/README.md, as `before * 16 + after`.
std::set<std::uint8_t> transitions_of_table() {
    const std::map<std::uint8_t, std::vector<std::uint8_t>> table{
        {0, {0, 1, 5}},        // Unattached
        {1, {0, 1, 2, 5}},     // Prospective
        {2, {0, 1, 2, 3, 5}},  // Candidate
        {3, {0, 3, 4, 5}},     // Leader
        {4, {0, 4, 5}},        // Resigned
        {5, {0, 1, 5}}};       // Follower
    std::set<std::uint8_t> all;
    for (const auto& [before, afters] : table) {
        for (const std::uint8_t after : afters) {
            all.insert(static_cast<std::uint8_t>(before * 16 + after));
        }
    }
    return all;
}

TEST_CASE("raft: no order of messages, losses, syncs and crashes breaks a rule of the quorum",
          "[raft][exploration]") {
    Exploration exploration;
    exploration.run(RaftWorld({}), HW_EXPLORE_EVENTS);
    exploration.run(elected({}), HW_EXPLORE_EVENTS);
    Random random(1);
    for (int i = 0; i < HW_EXPLORE_WALKS; ++i) {
        exploration.walk(RaftWorld(kManyFaults), 200, random);
        exploration.walk(elected(kManyFaults), 200, random);
    }
    INFO(exploration.broken());
    CHECK(exploration.broken().empty());
    CHECK(exploration.transitions() == transitions_of_table());
    fmt::print("{} distinct states\n", exploration.states());
    CHECK(exploration.states() >= HW_EXPLORE_STATES);
}

struct Mutant {
    const char* name;
    bool RaftMutants::* bug;
};

TEST_CASE("raft: the exploration notices each bug of the core", "[raft][exploration][mutant]") {
    const Mutant mutant =
        GENERATE(Mutant{"counts_before_durable", &RaftMutants::counts_before_durable},
                 Mutant{"commits_old_epoch", &RaftMutants::commits_old_epoch},
                 Mutant{"votes_for_short_log", &RaftMutants::votes_for_short_log},
                 Mutant{"votes_twice", &RaftMutants::votes_twice},
                 Mutant{"forgets_vote", &RaftMutants::forgets_vote},
                 Mutant{"reuses_epoch", &RaftMutants::reuses_epoch},
                 Mutant{"fetches_before_durable", &RaftMutants::fetches_before_durable},
                 Mutant{"trusts_watermark_early", &RaftMutants::trusts_watermark_early},
                 Mutant{"takes_late_answers", &RaftMutants::takes_late_answers});
    RaftMutants mutants;
    mutants.*mutant.bug = true;
    Exploration exploration;
    Random random(1);
    constexpr int kWalks = 200'000;
    for (int i = 0; i < kWalks && exploration.broken().empty(); ++i) {
        exploration.walk(elected(kManyFaults, mutants), 200, random);
    }
    INFO(mutant.name);
    CHECK_FALSE(exploration.broken().empty());
}

}  // namespace
}  // namespace hw::test
