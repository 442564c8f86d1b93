#include <algorithm>
#include <array>
#include <set>

#include <catch2/catch.hpp>

#include "test/history/judge.h"
#include "test/history/report.h"
#include "test/unit/history/generated_history.h"

namespace hw::history {
namespace {

constexpr std::uint64_t kSeeds = 300;
constexpr std::size_t kSteps = 150;

TEST_CASE("judge: passes random runs of a correct log", "[history]") {
    std::array<std::uint64_t, kCuriosities> accepted{};
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
        const History history = finish(generate_run(seed, kSteps));
        const Verdict verdict = judge(history);
        INFO("seed " << seed << "\n" << text_report(history, verdict));
        REQUIRE(verdict.judgement == Judgement::clean);
        for (std::size_t i = 0; i < kCuriosities; ++i) {
            accepted[i] += verdict.findings.times(static_cast<Curiosity>(i));
        }
    }
    // The model has no weaker acks, and keeps the order of each producer.
    const std::set<Curiosity> absent{Curiosity::weak_not_read, Curiosity::plain_reorder};
    for (std::size_t i = 0; i < kCuriosities; ++i) {
        const auto curiosity = static_cast<Curiosity>(i);
        INFO(describe(curiosity).name);
        CHECK((accepted[i] > 0) != absent.contains(curiosity));
    }
}

TEST_CASE("judge: finds each corruption of a random run", "[history]") {
    for (std::size_t i = 0; i < kCorruptions; ++i) {
        std::uint64_t corrupted = 0;
        for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
            GeneratedRun run = generate_run(seed, kSteps);
            const auto expected = corrupt(run, static_cast<Corruption>(i), seed);
            const History history = finish(std::move(run));
            const Verdict verdict = judge(history);
            INFO("corruption " << i << ", seed " << seed << "\n" << text_report(history, verdict));
            const bool is_found = std::ranges::any_of(
                expected, [&](AnomalyKind kind) { return verdict.findings.times(kind) > 0; });
            REQUIRE(is_found == !expected.empty());
            corrupted += expected.empty() ? 0 : 1;
        }
        INFO("corruption " << i);
        CHECK(corrupted > kSeeds / 4);
    }
}

}  // namespace
}  // namespace hw::history
