#include "broker/net/memory_budget.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"

namespace hw::broker {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kLimit = 100'000;
constexpr std::size_t kLarge = 2 * kMiB;

/// The budget of one shard: 100,000 bytes for requests, 100,000 for answers, and 4 MiB for large
/// frames of up to 2 MiB.
struct World {
    void run() {
        // A waiting large frame polls, so the scheduler never runs out of work.
        const TimePoint end = scheduler.now() + std::chrono::seconds(1);
        scheduler.run_until([] { return false; }, end);
    }
    /// Begins a frame on a new connection.
    Reservation& begin(std::size_t size = 50'000) { return begin(size, budget.share()); }
    Reservation& begin(std::size_t size, const Reservation::Share& share) {
        return frames.emplace_back(budget.begin(share, size));
    }
    /// Begins a frame that has taken `bytes`.
    Reservation& holding(std::size_t bytes) {
        Reservation& frame = begin();
        REQUIRE(budget.try_step(frame, bytes));
        return frame;
    }
    static void end(Reservation& frame) { const Reservation ended = std::move(frame); }
    /// Takes a step in a coroutine. Appends `name` to `order` when the step is granted, and `name`
    /// with an exclamation mark when the wait is ended without it.
    void step(Reservation& frame, std::size_t bytes, std::string name) {
        shard.spawn(wait(frame, bytes, std::move(name)));
        run();
    }
    Task<> wait(Reservation& frame, std::size_t bytes, std::string name) {
        const bool granted = co_await budget.step(frame, bytes);
        order += granted ? name : name + "!";
    }

    std::deque<Reservation> frames;  ///< waiting coroutines point to them
    sim::Scheduler scheduler{1};
    sim::SimShard shard{scheduler, 1, 0};
    sim::SimClock clock{scheduler};
    MemoryLimits limits{.requests = kLimit,
                        .answers = kLimit,
                        .large_frames = std::make_shared<LargeFrameLimit>(4 * kMiB, 2 * kMiB)};
    MemoryBudget budget{shard, clock, limits};
    std::string order;
};

TEST_CASE("memory: the steps of a request are counted, and given back when it ends",
          "[net][memory]") {
    World world;
    Reservation& first = world.begin();
    CHECK(world.budget.try_step(first, 60'000));
    CHECK(world.budget.try_step(first, 40'000));
    CHECK(world.budget.held() == kLimit);
    world.end(first);
    CHECK(world.budget.held() == 0);
}

TEST_CASE("memory: a request may outlive the budget of its shard", "[net][memory]") {
    Reservation left;
    {
        World world;
        left = std::move(world.holding(60'000));
    }
    left.add_work(10);
    left.add_answer(10);
    left.recycle(Buffer(BufferPool::kCapacity));
}

TEST_CASE(
    "memory: one frame at a time may exceed the limit, so half-received ones never wait for each "
    "other",
    "[net][memory]") {
    World world;
    Reservation& first = world.holding(50'000);
    Reservation& second = world.holding(50'000);
    Reservation& third = world.begin();
    CHECK(world.budget.try_step(third, 50'000));
    CHECK_FALSE(world.budget.try_step(first, 1));
    CHECK(world.budget.try_step(third, 50'000));
    world.end(third);
    CHECK(world.budget.try_step(second, 1));
    CHECK_FALSE(world.budget.try_step(first, 1));
}

TEST_CASE("memory: the oldest waiting frame gets its step first", "[net][memory]") {
    World world;
    Reservation& full = world.holding(100'000);
    Reservation& favoured = world.holding(10);
    Reservation& oldest = world.begin();
    Reservation& middle = world.begin();
    Reservation& youngest = world.begin();
    world.step(youngest, 10'000, "3");
    world.step(middle, 10'000, "2");
    world.step(oldest, 10'000, "1");
    CHECK(world.order.empty());
    CHECK(world.budget.waiting() == 3);
    world.end(favoured);
    world.run();
    CHECK(world.order == "1");
    world.end(full);
    world.run();
    CHECK(world.order.size() == 3);
    CHECK(world.budget.waiting() == 0);
    CHECK(world.budget.held() == 30'000);
}

TEST_CASE("memory: the frame that may exceed the limit does not wait behind an older one",
          "[net][memory]") {
    World world;
    const bool large = GENERATE(false, true);
    const std::size_t size = large ? kLarge : 50'000;
    const std::size_t all = large ? kLarge : kLimit;
    Reservation& old = world.begin(size);
    Reservation& full = world.begin(size);
    REQUIRE(world.budget.try_step(full, all));
    Reservation& favoured = world.begin(size);
    REQUIRE(world.budget.try_step(favoured, 10));
    world.step(old, 10'000, "old");
    CHECK(world.order.empty());
    CHECK(world.budget.try_step(favoured, 10'000));
    world.end(favoured);
    world.run();
    CHECK(world.order == "old");
}

TEST_CASE("memory: a younger frame does not overtake a waiting one", "[net][memory]") {
    World world;
    Reservation& full = world.holding(60'000);
    Reservation& rest = world.holding(40'000);
    world.holding(10'000);  // exceeds the limit
    Reservation& waiting = world.begin();
    world.step(waiting, 50'000, "waited");
    world.end(rest);
    Reservation& younger = world.begin();
    CHECK_FALSE(world.budget.try_step(younger, 5000));
    world.end(full);
    world.run();
    CHECK(world.order == "waited");
}

TEST_CASE("memory: a connection that holds nothing always gets a small buffer", "[net][memory]") {
    World world;
    world.holding(100'000);
    world.holding(1);
    const auto share = world.budget.share();
    Reservation& first = world.begin(30, share);
    CHECK(world.budget.try_step(first, BufferPool::kCapacity));
    Reservation& second = world.begin(30, share);
    CHECK_FALSE(world.budget.try_step(second, BufferPool::kCapacity));
    SECTION("a second frame of the connection gets one when the first has ended") {
        world.step(second, BufferPool::kCapacity, "second");
        CHECK(world.order.empty());
        world.end(first);
        world.run();
        CHECK(world.order == "second");
    }
}

TEST_CASE("memory: small frames do not wait for large ones", "[net][memory]") {
    World world;
    Reservation& large = world.begin(kLarge);
    CHECK(world.budget.try_step(large, kLarge));
    Reservation& second = world.begin(kLarge);
    CHECK(world.budget.try_step(second, kLarge));
    Reservation& third = world.begin(kLarge);
    world.step(third, 1, "third");
    CHECK(world.budget.waiting_large() == 1);
    CHECK(world.budget.held() == 0);
    Reservation& small = world.begin();
    CHECK(world.budget.try_step(small, 50'000));
}

TEST_CASE("memory: large frames of all shards share one limit", "[net][memory]") {
    World world;
    MemoryBudget other{world.shard, world.clock, world.limits};
    Reservation& far = world.frames.emplace_back(other.begin(other.share(), kLarge));
    CHECK(other.try_step(far, kLarge));
    Reservation& favoured = world.begin(kLarge);
    CHECK(world.budget.try_step(favoured, kLarge));
    Reservation& waiting = world.begin(kLarge);
    world.step(waiting, kMiB, "waited");
    CHECK(world.order.empty());
    CHECK(world.limits.large_frames->held() == 4 * kMiB);
    world.end(far);
    world.run();
    CHECK(world.order.empty());  // the favoured frame still holds the shared part
}

TEST_CASE("memory: a waiting large frame notices memory that another shard gives back",
          "[net][memory]") {
    World world;
    MemoryBudget other{world.shard, world.clock, world.limits};
    Reservation& shared = world.frames.emplace_back(other.begin(other.share(), kLarge));
    CHECK(other.try_step(shared, kLarge));
    Reservation& favoured = world.frames.emplace_back(other.begin(other.share(), kLarge));
    CHECK(other.try_step(favoured, kLarge));
    Reservation& waiting = world.begin(kLarge);
    world.step(waiting, kMiB, "waited");
    CHECK(world.order.empty());
    world.end(favoured);
    world.run();
    CHECK(world.order == "waited");
}

TEST_CASE("memory: when a waiting large frame gets its step, the next one polls as well",
          "[net][memory]") {
    World world;
    MemoryBudget other{world.shard, world.clock, world.limits};
    Reservation& favoured = world.frames.emplace_back(other.begin(other.share(), kLarge));
    Reservation& shared = world.frames.emplace_back(other.begin(other.share(), kLarge));
    CHECK(other.try_step(shared, kLarge));
    CHECK(other.try_step(favoured, kMiB));
    Reservation& first = world.begin(kLarge);
    Reservation& second = world.begin(kLarge);
    world.step(first, kMiB, "1");
    world.step(second, kMiB, "2");
    CHECK(world.order.empty());
    world.end(shared);
    world.run();
    REQUIRE(world.order == "1");
    // The favoured frame grows, so the end of the first frame makes no room.
    CHECK(other.try_step(favoured, kMiB));
    world.end(first);
    world.end(favoured);
    world.run();
    CHECK(world.order == "12");
}

TEST_CASE("memory: an eighth of the limit is kept for frames of up to 128 KiB", "[net][memory]") {
    World world;
    Reservation& small = world.begin(MemoryBudget::kSmallFrame);
    CHECK(world.budget.try_step(small, kLimit / 8 * 7));
    Reservation& beyond = world.begin(MemoryBudget::kSmallFrame);
    CHECK(world.budget.try_step(beyond, 10));  // one frame may exceed the limit
    Reservation& waiting = world.begin(MemoryBudget::kSmallFrame);
    CHECK_FALSE(world.budget.try_step(waiting, 5000));
    Reservation& brief = world.begin(MemoryBudget::kBriefFrame);
    CHECK(world.budget.try_step(brief, kLimit / 8 - 10));
}

TEST_CASE("memory: a small answer always gets memory if it is the only one of its connection",
          "[net][memory]") {
    World world;
    Reservation& reader = world.holding(10);
    CHECK(reader.try_encode(kLimit / 2 + Reservation::kOverdraft));
    CHECK_FALSE(reader.try_encode(1));  // a connection may hold no more
    Reservation& second = world.holding(10);
    CHECK(second.try_encode(kLimit / 2));
    Reservation& third = world.holding(10);
    CHECK_FALSE(third.try_encode(Reservation::kFreeAnswer + 1));
    CHECK(third.try_encode(Reservation::kFreeAnswer));
    CHECK_FALSE(third.try_encode(Reservation::kFreeAnswer));
}

TEST_CASE("memory: when a large frame ends, a favoured small frame stays favoured",
          "[net][memory]") {
    World world;
    Reservation& large = world.begin(kLarge);
    CHECK(world.budget.try_step(large, kMiB));
    Reservation& full = world.holding(kLimit);
    // Now it is favoured, and has the same number as the large one.
    CHECK(world.budget.try_step(full, 1));
    world.end(large);
    Reservation& other = world.begin();
    CHECK_FALSE(world.budget.try_step(other, 50'000));
}

TEST_CASE("memory: a connection that ends stops waiting", "[net][memory]") {
    World world;
    world.holding(100'000);
    world.holding(1);
    const auto share = world.budget.share();
    Reservation& frame = world.begin(50'000, share);
    world.step(frame, 50'000, "step");
    world.budget.end_wait(share);
    world.run();
    CHECK(world.order == "step!");
    CHECK(world.budget.waiting() == 0);
}

TEST_CASE("memory: work may exceed the limit by 4 MiB and not by more", "[net][memory]") {
    World world;
    Reservation& frame = world.holding(90'000);
    CHECK_FALSE(frame.try_work(Reservation::kOverdraft + 10'001));
    CHECK(frame.try_work(Reservation::kOverdraft + 10'000));
    CHECK_FALSE(frame.try_work(1));
    CHECK(world.budget.held() == kLimit + Reservation::kOverdraft);
}

TEST_CASE("memory: answers are counted apart from requests", "[net][memory]") {
    World world;
    Reservation& reader = world.holding(10);
    reader.add_answer(kLimit);
    CHECK(world.budget.answers_are_full());
    CHECK_FALSE(reader.try_answer(1));
    CHECK(reader.try_encode(1));
    Reservation& other = world.begin();
    CHECK(world.budget.try_step(other, 50'000));
    reader.return_answer(kLimit);
    CHECK_FALSE(world.budget.answers_are_full());
}

TEST_CASE("memory: a connection may take a quarter of the answer memory that others leave",
          "[net][memory]") {
    World world;
    Reservation& first = world.holding(10);
    CHECK(first.answer_room() == 25'000);
    CHECK(first.try_answer(25'000));
    CHECK(first.answer_room() == 0);
    Reservation& second = world.holding(10);
    CHECK(second.answer_room() == 18'750);
}

}  // namespace
}  // namespace hw::broker
