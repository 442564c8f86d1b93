#include "replication/fetch/fetch_session.h"

#include <string>

#include <catch2/catch.hpp>

#include "test/unit/fetch/session_requests.h"

namespace hw::replication {
namespace {

using wire::ErrorCode;
using Order = std::vector<std::pair<std::uint64_t, std::int32_t>>;

/// A session with partitions 0 to 2 of topic 1, whose first request has been answered.
struct Bench {
    Bench() {
        for (std::int32_t index = 0; index < 3; ++index) {
            put(session, 1, asked(index));
        }
        for (auto it = session.partitions().begin(); it != session.partitions().end(); ++it) {
            CHECK(session.note_answer(it, answer(5)));
        }
        session.end();
    }
    bool note(const Answer& given) {
        return session.note_answer(session.partitions().begin(), given);
    }

    FetchSession session{TopicsBy::id};
};

TEST_CASE("fetch session: its requests have the epochs 1, 2, 3 and so on", "[fetch][session]") {
    Bench bench;
    for (const std::int32_t epoch : {1, 2, 3}) {
        CHECK(bench.session.begin(epoch - 1, TopicsBy::id) ==
              ErrorCode::invalid_fetch_session_epoch);
        CHECK(bench.session.begin(epoch + 1, TopicsBy::id) ==
              ErrorCode::invalid_fetch_session_epoch);
        CHECK(bench.session.begin(epoch, TopicsBy::id) == ErrorCode::none);
        bench.session.end();
    }
    CHECK(bench.session.begin(INT32_MIN, TopicsBy::id) == ErrorCode::invalid_fetch_session_epoch);
}

TEST_CASE("fetch session: the epoch after the greatest one is 1", "[fetch][session]") {
    CHECK(next_session_epoch(kInitialSessionEpoch) == 1);
    CHECK(next_session_epoch(INT32_MAX - 1) == INT32_MAX);
    CHECK(next_session_epoch(INT32_MAX) == 1);
}

TEST_CASE("fetch session: a second request before the end of the first is refused",
          "[fetch][session]") {
    Bench bench;
    REQUIRE(bench.session.begin(1, TopicsBy::id) == ErrorCode::none);
    CHECK(bench.session.begin(2, TopicsBy::id) == ErrorCode::invalid_fetch_session_epoch);
    bench.session.end();
    CHECK(bench.session.begin(2, TopicsBy::id) == ErrorCode::none);
}

TEST_CASE("fetch session: topics by name and by id do not mix", "[fetch][session]") {
    Bench bench;
    CHECK(bench.session.begin(1, TopicsBy::name) == ErrorCode::fetch_session_topic_id_error);
    CHECK(bench.session.begin(1, TopicsBy::id) == ErrorCode::none);
}

TEST_CASE("fetch session: a partition that is named again is altered and keeps its place",
          "[fetch][session]") {
    Bench bench;
    Request::Partition changed = asked(1, 42);
    changed.current_leader_epoch = LeaderEpoch(3);
    changed.partition_max_bytes = 17;
    changed.high_watermark = Offset(9);
    put(bench.session, 1, changed);
    put(bench.session, 2, asked(0));
    CHECK(order_of(bench.session) == Order{{1, 0}, {1, 1}, {1, 2}, {2, 0}});
    const auto altered = std::next(bench.session.partitions().begin());
    CHECK(altered->asked.fetch_offset == Offset(42));
    CHECK(altered->asked.current_leader_epoch == LeaderEpoch(3));
    CHECK(altered->asked.partition_max_bytes == 17);
    CHECK(altered->asked.high_watermark == Offset(9));
}

TEST_CASE("fetch session: a forgotten partition is not read, and begins anew when it is added",
          "[fetch][session]") {
    Bench bench;
    forget(bench.session, 1, 0);
    forget(bench.session, 1, 7);
    forget(bench.session, 8, 0);
    CHECK(order_of(bench.session) == Order{{1, 1}, {1, 2}});
    CHECK(bench.session.size() == 2);
    put(bench.session, 1, asked(0));
    CHECK(order_of(bench.session) == Order{{1, 1}, {1, 2}, {1, 0}});
    CHECK(bench.session.note_answer(std::prev(bench.session.partitions().end()), answer(5)));
}

TEST_CASE("fetch session: topics by name are told apart, also if their partitions are the same",
          "[fetch][session]") {
    FetchSession session(TopicsBy::name);
    session.put({.topic = "a"}, asked(0));
    session.put({.topic = "b"}, asked(0));
    session.put({.topic = "a"}, asked(1));
    session.forget({.topic = "b"}, PartitionIndex(0));
    REQUIRE(session.size() == 2);
    CHECK(session.partitions().front().topic->name == "a");
    CHECK(session.partitions().back().topic->name == "a");
}

TEST_CASE("fetch session: an answer like the last one need not be sent", "[fetch][session]") {
    Bench bench;
    CHECK_FALSE(bench.note(answer(5)));
    CHECK(order_of(bench.session) == Order{{1, 0}, {1, 1}, {1, 2}});
}

TEST_CASE("fetch session: an answer with news must be sent, once", "[fetch][session]") {
    Bench bench;
    Answer news = answer(5);
    SECTION("another high watermark, also a lower one") {
        news = answer(GENERATE(4, 6));
    }
    SECTION("another log start") {
        news = answer(5, 1);
    }
    CHECK(bench.note(news));
    CHECK_FALSE(bench.note(news));
}

TEST_CASE("fetch session: an answer that asks the reader to act is sent every time",
          "[fetch][session]") {
    Bench bench;
    Answer urgent = answer(5);
    SECTION("an error") {
        urgent.error_code = ErrorCode::not_leader_or_follower;
    }
    SECTION("a diverging epoch") {
        urgent.diverging_epoch = {LeaderEpoch(1), Offset(3)};
    }
    SECTION("a preferred replica") {
        urgent.preferred_read_replica = BrokerId(2);
    }
    CHECK(bench.note(urgent));
    CHECK(bench.note(urgent));
}

TEST_CASE("fetch session: a partition is answered when its error has gone", "[fetch][session]") {
    Bench bench;
    Answer failed = answer(5);
    failed.error_code = ErrorCode::kafka_storage_error;
    CHECK(bench.note(failed));
    CHECK(bench.note(answer(5)));
    CHECK_FALSE(bench.note(answer(5)));
}

TEST_CASE("fetch session: a partition with records goes to the end", "[fetch][session]") {
    Bench bench;
    const std::string bytes = "records";
    const ByteView records = as_bytes(bytes);
    Answer found = answer(5);
    found.records = wire::Records(&records, 1);
    CHECK(bench.note(found));
    CHECK(order_of(bench.session) == Order{{1, 1}, {1, 2}, {1, 0}});
    CHECK_FALSE(bench.note(answer(5)));
}

TEST_CASE("fetch session: it counts its partitions, topics and names as memory",
          "[fetch][session][memory]") {
    FetchSession session(TopicsBy::name);
    CHECK(session.bytes() == 0);
    const std::string name(1000, 'n');
    session.put({.topic = name}, asked(0));
    session.put({.topic = name}, asked(1));
    const std::size_t one_topic = FetchSession::kTopicBytes + name.size();
    CHECK(session.bytes() == 2 * FetchSession::kPartitionBytes + one_topic);
    session.forget({.topic = name}, PartitionIndex(0));
    CHECK(session.bytes() == FetchSession::kPartitionBytes + one_topic);
    session.forget({.topic = name}, PartitionIndex(1));
    CHECK(session.bytes() == 0);
}

}  // namespace
}  // namespace hw::replication
