#include "replication/fetch/fetch_session_cache.h"

#include <memory>
#include <set>

#include <catch2/catch.hpp>

#include "test/unit/fetch/session_requests.h"

namespace hw::replication {
namespace {

using wire::ErrorCode;
using Reader = FetchSessionCache::Reader;
using std::chrono::milliseconds;

constexpr Duration kLong = FetchSessionCache::kEvictionTime + milliseconds(1);
constexpr std::size_t kTopic = FetchSession::kTopicBytes;
constexpr std::size_t kPartition = FetchSession::kPartitionBytes;

struct Bench {
    explicit Bench(const FetchSessionOptions& options = {.slots = 2}) : cache(options) {}

    std::int32_t add(std::int32_t partitions, Reader reader = Reader::consumer) {
        auto session = std::make_shared<FetchSession>(TopicsBy::id);
        for (std::int32_t index = 0; index < partitions; ++index) {
            put(*session, 1, asked(index));
        }
        session->end();
        return cache.add(std::move(session), reader, now);
    }
    /// One more request of the session, which adds partitions.
    bool use(std::int32_t id, std::int32_t epoch, std::int32_t more_partitions = 0) {
        const auto session = cache.begin(id, epoch, TopicsBy::id);
        REQUIRE(session.has_value());
        for (std::int32_t index = 0; index < more_partitions; ++index) {
            put(**session, 2, asked(index));
        }
        (*session)->end();
        return cache.touch(id, now);
    }
    [[nodiscard]] bool has(std::int32_t id) const {
        const auto found = cache.begin(id, -7, TopicsBy::id);
        return found.error() != ErrorCode::fetch_session_id_not_found;
    }

    FetchSessionCache cache;
    TimePoint now{};
};

TEST_CASE("fetch session cache: a session is found by its id alone", "[fetch][session]") {
    Bench bench;
    const std::int32_t id = bench.add(1);
    REQUIRE(id > 0);
    CHECK(bench.cache.begin(id + 1, 1, TopicsBy::id).error() ==
          ErrorCode::fetch_session_id_not_found);
    CHECK(bench.cache.begin(-id, 1, TopicsBy::id).error() == ErrorCode::fetch_session_id_not_found);
    CHECK(bench.cache.begin(0, 1, TopicsBy::id).error() == ErrorCode::fetch_session_id_not_found);
    CHECK(bench.cache.begin(id, 2, TopicsBy::id).error() == ErrorCode::invalid_fetch_session_epoch);
    const auto session = bench.cache.begin(id, 1, TopicsBy::id);
    REQUIRE(session.has_value());
    CHECK((*session)->size() == 1);
}

TEST_CASE("fetch session cache: a removed session is not found, and gives its memory back",
          "[fetch][session]") {
    Bench bench;
    const std::int32_t id = bench.add(3);
    CHECK(bench.cache.bytes() == kTopic + 3 * kPartition);
    bench.cache.remove(id + 1);
    CHECK(bench.has(id));
    bench.cache.remove(id);
    CHECK_FALSE(bench.has(id));
    CHECK(bench.cache.size() == 0);
    CHECK(bench.cache.bytes() == 0);
    CHECK_FALSE(bench.cache.touch(id, bench.now));
}

TEST_CASE("fetch session cache: shards have ids of their own and share the slots",
          "[fetch][session]") {
    const std::size_t shards = GENERATE(std::size_t{1}, std::size_t{3}, std::size_t{64});
    std::int32_t end = 1;
    for (std::size_t index = 0; index < shards; ++index) {
        const auto options = session_options_of_shard(1000, index, shards);
        CHECK(options.first_id >= end);
        CHECK(options.end_id > options.first_id);
        CHECK(options.slots == (1000 + shards - 1) / shards);
        end = options.end_id;
        Bench bench(options);
        for (int count = 0; count < 5; ++count) {
            const std::int32_t id = bench.add(1);
            CHECK(id >= options.first_id);
            CHECK(id < options.end_id);
        }
    }
    CHECK(session_options_of_shard(0, 0, 4).slots == 0);
}

TEST_CASE("fetch session cache: ids differ after a restart, and among sessions",
          "[fetch][session]") {
    std::set<std::int32_t> ids;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        Bench bench({.slots = 100, .seed = seed});
        for (int count = 0; count < 100; ++count) {
            ids.insert(bench.add(1));
        }
    }
    CHECK(ids.size() == 300);
    Bench narrow({.slots = 3, .first_id = 10, .end_id = 13});
    CHECK(std::set{narrow.add(1), narrow.add(1), narrow.add(1)} == std::set{10, 11, 12});
}

TEST_CASE("fetch session cache: without a slot there is no session", "[fetch][session]") {
    Bench bench({.slots = 0});
    CHECK(bench.add(1) == kNoFetchSession);
}

TEST_CASE("fetch session cache: a session without partitions is not kept", "[fetch][session]") {
    Bench bench;
    CHECK(bench.add(0) == kNoFetchSession);
    const std::int32_t id = bench.add(1);
    const auto session = bench.cache.begin(id, 1, TopicsBy::id);
    forget(**session, 1, 0);
    CHECK_FALSE(bench.cache.touch(id, bench.now));
    CHECK_FALSE(bench.has(id));
    CHECK(bench.cache.bytes() == 0);
}

TEST_CASE("fetch session cache: young sessions of consumers do not give way to consumers",
          "[fetch][session][eviction]") {
    Bench bench;
    const std::int32_t first = bench.add(1);
    const std::int32_t second = bench.add(1);
    CHECK(bench.add(100) == kNoFetchSession);
    CHECK(bench.has(first));
    CHECK(bench.has(second));
}

TEST_CASE("fetch session cache: the session unused for longest gives way after two minutes",
          "[fetch][session][eviction]") {
    Bench bench;
    const std::int32_t first = bench.add(50, Reader::follower);
    bench.now += milliseconds(10);
    const std::int32_t second = bench.add(1);
    bench.now += FetchSessionCache::kEvictionTime - milliseconds(10);
    CHECK(bench.add(1) == kNoFetchSession);
    bench.now += milliseconds(1);
    CHECK(bench.add(1) != kNoFetchSession);
    CHECK_FALSE(bench.has(first));
    CHECK(bench.has(second));
}

TEST_CASE("fetch session cache: an old session in use gives way to a larger one only",
          "[fetch][session][eviction]") {
    Bench bench;
    const std::int32_t small = bench.add(4);
    const std::int32_t large = bench.add(9);
    bench.now += kLong;
    REQUIRE(bench.use(small, 1));
    REQUIRE(bench.use(large, 1));
    CHECK(bench.add(4) == kNoFetchSession);
    CHECK(bench.add(5) != kNoFetchSession);
    CHECK_FALSE(bench.has(small));
    CHECK(bench.has(large));
}

TEST_CASE("fetch session cache: a follower's session displaces the smallest of a consumer at once",
          "[fetch][session][eviction]") {
    Bench bench;
    const std::int32_t large = bench.add(9);
    const std::int32_t small = bench.add(4);
    CHECK(bench.add(1, Reader::follower) != kNoFetchSession);
    CHECK_FALSE(bench.has(small));
    CHECK(bench.has(large));
}

TEST_CASE("fetch session cache: consumers do not displace followers in use, whatever their size",
          "[fetch][session][eviction]") {
    Bench bench;
    const std::int32_t first = bench.add(1, Reader::follower);
    const std::int32_t second = bench.add(1, Reader::follower);
    CHECK(bench.add(2, Reader::follower) == kNoFetchSession);
    bench.now += kLong;
    REQUIRE(bench.use(first, 1));
    REQUIRE(bench.use(second, 1));
    CHECK(bench.add(100) == kNoFetchSession);
    CHECK(bench.add(2, Reader::follower) != kNoFetchSession);
}

TEST_CASE("fetch session cache: it holds no more bytes than its limit",
          "[fetch][session][memory]") {
    const std::size_t limit = 2 * (kTopic + 4 * kPartition);
    Bench bench({.slots = 100, .bytes = limit});
    CHECK(bench.add(20) == kNoFetchSession);
    const std::int32_t first = bench.add(4);
    const std::int32_t second = bench.add(4);
    CHECK(bench.cache.bytes() == limit);
    CHECK(bench.add(1) == kNoFetchSession);
    SECTION("a large session of a follower displaces several of consumers") {
        CHECK(bench.add(9, Reader::follower) != kNoFetchSession);
        CHECK_FALSE(bench.has(first));
        CHECK_FALSE(bench.has(second));
        CHECK(bench.cache.bytes() == kTopic + 9 * kPartition);
    }
    SECTION("a session that grows has to go, if none is less valuable") {
        CHECK_FALSE(bench.use(first, 1, 1));
        CHECK_FALSE(bench.has(first));
        CHECK(bench.has(second));
        CHECK(bench.cache.bytes() == kTopic + 4 * kPartition);
    }
    SECTION("a session that grows displaces one that is old and smaller") {
        bench.now += kLong;
        REQUIRE(bench.use(second, 1));
        CHECK(bench.use(first, 1, 1));
        CHECK_FALSE(bench.has(second));
        CHECK(bench.cache.bytes() == 2 * kTopic + 5 * kPartition);
    }
    SECTION("a session that alone exceeds the limit has to go") {
        CHECK_FALSE(bench.use(first, 1, 20));
        CHECK_FALSE(bench.has(first));
        CHECK(bench.has(second));
    }
}

TEST_CASE("fetch session cache: a session with too many partitions is not kept",
          "[fetch][session][memory]") {
    Bench bench({.slots = 2, .bytes = SIZE_MAX});
    CHECK(bench.add(FetchSession::kMaxPartitions + 1) == kNoFetchSession);
    const std::int32_t id = bench.add(FetchSession::kMaxPartitions);
    CHECK(id != kNoFetchSession);
    CHECK_FALSE(bench.use(id, 1, 1));
    CHECK_FALSE(bench.has(id));
}

}  // namespace
}  // namespace hw::replication
