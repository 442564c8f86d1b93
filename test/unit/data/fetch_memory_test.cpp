#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "broker/api/fetch.h"
#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

constexpr std::size_t kLimit = 1 << 20;

/// A server with topic "t", and a Fetch that comes without a connection, beside a request of
/// another client that holds memory. It waits up to 10 s for one byte.
struct Bench {
    Bench() { world.add({}); }

    /// `work`: bytes that the request holds beside its frame.
    void send(std::size_t work = 0, Duration run = std::chrono::milliseconds(100)) {
        constexpr std::size_t kLength = 4;
        FetchOne one(0);
        one.request.max_wait_ms = Millis(10'000);
        const std::string frame =
            test::request_frame(one.request, ApiVersion(12), CorrelationId(1)).substr(kLength);
        Buffer bytes(frame.size());
        std::ranges::copy(as_bytes(frame), bytes.data());
        fetch = std::make_shared<Exchange>(std::move(bytes),
                                           budget.begin(budget.share(), frame.size()), sink);
        fetch->context().listener = &world.listener;
        fetch->context().authorizer = &shard.authorizer;
        REQUIRE(fetch->read_header());
        fetch->memory().add_work(work);
        shard.shard.spawn(handler.handle(fetch));
        world.run_for(run);
    }
    void wait() {
        REQUIRE(world.run_until([this] { return fetch->answered(); }));
        REQUIRE_FALSE(fetch->rejected());
    }
    [[nodiscard]] bool answer_has(const std::string& value) const {
        std::string answer;
        test::append(answer, fetch->answer());
        return answer.find(value) != std::string::npos;
    }

    struct Sink final : AnswerSink {
        void on_answer() override {}
        void on_reject(const Error& /*reason*/) override {}
    };

    World world;
    DataShard& shard = *world.shards[0];
    FetchHandler handler{shard.services, ReplicaSelector::leader, {}};
    MemoryBudget budget{shard.shard, world.clock, {.requests = kLimit, .answers = kLimit}};
    Reservation other = budget.begin(budget.share(), kLimit);
    Sink sink;
    ExchangePtr fetch;
};

TEST_CASE("fetch memory: no records are read while there is no memory for them",
          "[data][fetch][memory]") {
    Bench bench;
    bench.world.append({.value = "the value"});
    bench.other.add_answer(kLimit);
    bench.send();
    CHECK_FALSE(bench.fetch->answered());
    CHECK(bench.budget.answers() == kLimit);
    SECTION("until another answer is sent") {
        bench.other.return_answer(kLimit);
        bench.wait();
        CHECK(bench.answer_has("the value"));
        CHECK(bench.budget.answers() > std::string("the value").size());
    }
    SECTION("until its deadline, when it is answered without records") {
        bench.wait();
        CHECK_FALSE(bench.answer_has("the value"));
    }
}

TEST_CASE(
    "fetch memory: while requests hold three quarters of their memory, a Fetch waits for a "
    "short time, and a large one does not wait",
    "[data][fetch][memory]") {
    constexpr Duration kShort = std::chrono::milliseconds(40);
    constexpr std::size_t kLarge = 65 << 10;
    Bench bench;
    SECTION("they hold as much") {
        REQUIRE(bench.budget.try_step(bench.other, kLimit / 4 * 3));
        SECTION("small") {
            bench.send(0, kShort);
            CHECK_FALSE(bench.fetch->answered());
            bench.world.run_for(kShort);
            CHECK(bench.fetch->answered());
        }
        SECTION("large") {
            bench.send(kLarge, kShort);
            CHECK(bench.fetch->answered());
        }
    }
    SECTION("they hold less") {
        REQUIRE(bench.budget.try_step(bench.other, kLimit / 2));
        bench.send(kLarge);
        CHECK_FALSE(bench.fetch->answered());
        CHECK(bench.shard.delayed.size() == 1);
    }
}

}  // namespace
}  // namespace hw::broker
