#include "replication/fetch/fetch_session_reader.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"
#include "replication/fetch/fetch_session_cache.h"
#include "test/unit/fetch/session_requests.h"

namespace hw::replication {
namespace {

using wire::ErrorCode;
using Key = FetchSessionReader::Key;
using Wanted = FetchSessionReader::Wanted;
using Outcome = FetchSessionReader::Outcome;
using Response = schema::FetchResponse;

Key key(std::int32_t index) {
    return {topic_id(1), PartitionIndex(index)};
}
Wanted wanted(std::int32_t index, std::int64_t offset = 0) {
    return {topic_id(1), asked(index, offset)};
}

/// A reader with a session for partitions 0 and 1, which has the id 9.
struct Bench {
    Bench() {
        CHECK(reader.next({wanted(0), wanted(1)}).is_full());
        CHECK(take({answer(5), answer(6)}) == Outcome::taken);
    }
    /// A response with answers of partition 0 and the following ones.
    Outcome take(std::vector<Answer> answers, std::int32_t id = 9) {
        for (std::size_t index = 0; index < answers.size(); ++index) {
            answers[index].partition_index = PartitionIndex(static_cast<std::int32_t>(index));
        }
        const Response::Topic topic{.topic_id = topic_id(1), .partitions = answers};
        return reader.on_response({.session_id = id, .responses = {&topic, 1}});
    }
    Outcome refuse(ErrorCode code) { return reader.on_response({.error_code = code}); }

    FetchSessionReader reader;
};

TEST_CASE("fetch session reader: a partition is named once, and then when it changes",
          "[fetch][session]") {
    Bench bench;
    const auto same = bench.reader.next({wanted(0), wanted(1)});
    CHECK(same.id == 9);
    CHECK(same.epoch == 1);
    CHECK(same.named.empty());
    CHECK(same.forgotten.empty());
    CHECK(bench.take({}) == Outcome::taken);
    const auto moved = bench.reader.next({wanted(0), wanted(1, 3)});
    CHECK(moved.epoch == 2);
    REQUIRE(moved.named.size() == 1);
    CHECK(moved.named[0].asked.partition == PartitionIndex(1));
    CHECK(moved.named[0].asked.fetch_offset == Offset(3));
}

TEST_CASE("fetch session reader: each field of a partition counts as a change",
          "[fetch][session]") {
    Bench bench;
    Wanted changed = wanted(0);
    const int field = GENERATE(range(0, 6));
    changed.asked.current_leader_epoch = LeaderEpoch(field == 0 ? 7 : -1);
    changed.asked.last_fetched_epoch = LeaderEpoch(field == 1 ? 7 : -1);
    changed.asked.log_start_offset = Offset(field == 2 ? 7 : -1);
    changed.asked.partition_max_bytes = field == 3 ? 7 : 0;
    changed.asked.replica_directory_id = DirectoryId(Uuid{0, field == 4 ? 7ULL : 0});
    changed.asked.high_watermark = Offset(field == 5 ? 7 : INT64_MAX);
    CHECK(bench.reader.next({changed, wanted(1)}).named.size() == 1);
}

TEST_CASE("fetch session reader: what is not wanted is forgotten, and named when it comes back",
          "[fetch][session]") {
    Bench bench;
    const auto less = bench.reader.next({wanted(1)});
    CHECK(less.named.empty());
    CHECK(less.forgotten == std::vector<Key>{key(0)});
    CHECK(bench.take({}) == Outcome::taken);
    const auto again = bench.reader.next({wanted(0), wanted(1)});
    CHECK(again.forgotten.empty());
    REQUIRE(again.named.size() == 1);
    CHECK_FALSE(bench.reader.unchanged(key(0)).has_value());
}

TEST_CASE("fetch session reader: what a response leaves out is as in the last one that had it",
          "[fetch][session]") {
    Bench bench;
    static_cast<void>(bench.reader.next({wanted(0), wanted(1)}));
    CHECK(bench.take({answer(8, 2)}) == Outcome::taken);
    CHECK(bench.reader.unchanged(key(0)) == FetchSessionReader::Answered{Offset(8), Offset(2)});
    CHECK(bench.reader.unchanged(key(1)) == FetchSessionReader::Answered{Offset(6), Offset(0)});
    CHECK_FALSE(bench.reader.unchanged(key(2)).has_value());
}

TEST_CASE(
    "fetch session reader: neither a full response nor one after an error leaves out anything",
    "[fetch][session]") {
    FetchSessionReader reader;
    static_cast<void>(reader.next({wanted(0)}));
    CHECK(reader.on_response({.session_id = 9}) == Outcome::taken);
    CHECK_FALSE(reader.unchanged(key(0)).has_value());
    Bench bench;
    static_cast<void>(bench.reader.next({wanted(0), wanted(1)}));
    Answer failed = answer(8);
    failed.error_code = ErrorCode::kafka_storage_error;
    CHECK(bench.take({failed}) == Outcome::taken);
    CHECK_FALSE(bench.reader.unchanged(key(0)).has_value());
}

TEST_CASE("fetch session reader: a lost session is replaced at once", "[fetch][session]") {
    Bench bench;
    static_cast<void>(bench.reader.next({wanted(0), wanted(1)}));
    CHECK(bench.refuse(GENERATE(ErrorCode::fetch_session_id_not_found,
                                ErrorCode::invalid_fetch_session_epoch,
                                ErrorCode::fetch_session_topic_id_error)) == Outcome::session_lost);
    const auto anew = bench.reader.next({wanted(0), wanted(1)});
    CHECK(anew.is_full());
    CHECK(anew.id == 9);  // so that the broker closes it, if it is still there
    CHECK(anew.named.size() == 2);
    CHECK(bench.refuse(ErrorCode::fetch_session_id_not_found) == Outcome::refused);
}

TEST_CASE(
    "fetch session reader: after another error, no response or the end of the session the "
    "request is full",
    "[fetch][session]") {
    Bench bench;
    static_cast<void>(bench.reader.next({wanted(0), wanted(1)}));
    SECTION("another error") {
        CHECK(bench.refuse(ErrorCode::unknown_server_error) == Outcome::refused);
    }
    SECTION("no response") {
        bench.reader.on_failure();
    }
    SECTION("the session has ended") {
        CHECK(bench.take({}, 0) == Outcome::taken);
    }
    SECTION("the response is that of another session") {
        CHECK(bench.take({}, 10) == Outcome::taken);
    }
    const auto anew = bench.reader.next({wanted(0), wanted(1)});
    CHECK(anew.is_full());
    CHECK(anew.named.size() == 2);
}

TEST_CASE("fetch session reader: a broker without room for a session gets full requests",
          "[fetch][session]") {
    FetchSessionReader reader;
    for (int request = 0; request < 3; ++request) {
        const auto full = reader.next({wanted(0)});
        CHECK(full.is_full());
        CHECK(full.id == 0);
        CHECK(full.named.size() == 1);
        CHECK(reader.on_response({.session_id = 0}) == Outcome::taken);
    }
}

/// A broker and a reader whose session is sometimes lost, and what both should know.
class RandomRun {
public:
    explicit RandomRun(std::uint64_t seed) : random_(seed) {}

    void step() {
        now_ += std::chrono::seconds(random_.below(100));
        change_broker();
        choose_wanted();
        exchange();
    }

private:
    static constexpr std::int32_t kPartitions = 8;

    /// The truth about one partition.
    struct Truth {
        Answer answer = hw::replication::answer(0);
        std::int64_t offset = 0;  ///< that the reader wants
        bool is_wanted = true;
    };

    void change_broker() {
        Truth& truth = truth_[random_.below(kPartitions)];
        truth.answer.high_watermark += static_cast<std::int64_t>(random_.below(2));
        truth.answer.log_start_offset += static_cast<std::int64_t>(random_.below(2));
        truth.answer.error_code =
            random_.chance(1, 5) ? ErrorCode::not_leader_or_follower : ErrorCode::none;
        if (random_.chance(1, 20)) {
            cache_ = FetchSessionCache({.slots = 1, .seed = random_.next()});
        }
        if (random_.chance(1, 20)) {
            take_slot();
        }
    }
    /// A session of another reader, for which the one of this reader has to go.
    void take_slot() {
        auto other = std::make_shared<FetchSession>(TopicsBy::id);
        for (std::int32_t index = 0; index < 2 * kPartitions; ++index) {
            put(*other, 3, asked(index));
        }
        static_cast<void>(cache_.add(other, FetchSessionCache::Reader::follower, now_));
    }
    void choose_wanted() {
        Truth& truth = truth_[random_.below(kPartitions)];
        truth.offset += static_cast<std::int64_t>(random_.below(3));
        truth.is_wanted = !truth.is_wanted;
        truth_[0].is_wanted = true;
    }

    void exchange() {
        std::vector<Wanted> all;
        for (std::int32_t index = 0; index < kPartitions; ++index) {
            if (truth_[static_cast<std::size_t>(index)].is_wanted) {
                all.push_back(wanted(index, truth_[static_cast<std::size_t>(index)].offset));
            }
        }
        const auto request = reader_.next(all);
        if (random_.chance(1, 10)) {
            reader_.on_failure();  // the request is lost
            return;
        }
        ErrorCode code = ErrorCode::none;
        std::int32_t id = request.id;
        const std::vector<Answer> answers = serve(request, all, code, id);
        if (random_.chance(1, 10)) {
            reader_.on_failure();  // the response is lost
            return;
        }
        const Response::Topic topic{.topic_id = topic_id(1), .partitions = answers};
        const Outcome outcome =
            reader_.on_response({.error_code = code, .session_id = id, .responses = {&topic, 1}});
        CHECK((outcome == Outcome::taken) == (code == ErrorCode::none));
        if (outcome == Outcome::taken) {
            check(all, answers);
        }
    }

    /// The broker serves the request; returns the answers in its response.
    std::vector<Answer> serve(const FetchSessionReader::NextRequest& request,
                              const std::vector<Wanted>& all, ErrorCode& code, std::int32_t& id) {
        FetchSessionCache::SessionPtr session;
        if (request.is_full()) {
            cache_.remove(request.id);
            session = std::make_shared<FetchSession>(TopicsBy::id);
        } else {
            auto found = cache_.begin(request.id, request.epoch, TopicsBy::id);
            if (!found) {
                code = found.error();
                return {};
            }
            session = *found;
        }
        for (const Wanted& one : request.named) {
            session->put({.topic_id = one.topic}, one.asked);
        }
        for (const Key& one : request.forgotten) {
            session->forget({.topic_id = one.first}, one.second);
        }
        check_session(*session, all);
        std::vector<Answer> answers = answer_all(*session, request.is_full());
        session->end();
        if (request.is_full()) {
            id = cache_.add(session, FetchSessionCache::Reader::follower, now_);
        } else {
            REQUIRE(cache_.touch(id, now_));
        }
        return answers;
    }
    /// The broker reads what the reader wants, no less and no more.
    static void check_session(FetchSession& session, const std::vector<Wanted>& all) {
        REQUIRE(session.size() == all.size());
        for (const Wanted& one : all) {
            const bool is_there = std::ranges::any_of(session.partitions(), [&](const auto& known) {
                return known.topic->id == one.topic &&
                       known.asked.partition == one.asked.partition &&
                       known.asked.fetch_offset == one.asked.fetch_offset;
            });
            CHECK(is_there);
        }
    }
    std::vector<Answer> answer_all(FetchSession& session, bool is_full) {
        std::vector<FetchSession::Partitions::iterator> listed;
        for (auto it = session.partitions().begin(); it != session.partitions().end(); ++it) {
            listed.push_back(it);
        }
        std::vector<Answer> answers;
        for (const auto& partition : listed) {
            const PartitionIndex index = partition->asked.partition;
            Answer given = truth_[static_cast<std::size_t>(index.value())].answer;
            given.partition_index = index;
            if (session.note_answer(partition, given) || is_full) {
                answers.push_back(given);
            }
        }
        return answers;
    }
    /// The reader knows of every wanted partition what the broker would have answered.
    void check(const std::vector<Wanted>& all, const std::vector<Answer>& answers) {
        for (const Wanted& one : all) {
            const PartitionIndex index = one.asked.partition;
            if (std::ranges::find(answers, index, &Answer::partition_index) != answers.end()) {
                continue;
            }
            const Answer& truth = truth_[static_cast<std::size_t>(index.value())].answer;
            CHECK(truth.error_code == ErrorCode::none);
            CHECK(reader_.unchanged({one.topic, index}) ==
                  FetchSessionReader::Answered{truth.high_watermark, truth.log_start_offset});
        }
    }

    Random random_;
    TimePoint now_{};
    FetchSessionCache cache_{{.slots = 1}};
    FetchSessionReader reader_;
    std::array<Truth, kPartitions> truth_;
};

TEST_CASE("fetch session: reader and broker agree, whatever is lost between them",
          "[fetch][session][random]") {
    const auto seed = GENERATE(range(std::uint64_t{1}, std::uint64_t{101}));
    CAPTURE(seed);
    RandomRun run(seed);
    for (int step = 0; step < 200; ++step) {
        run.step();
    }
}

}  // namespace
}  // namespace hw::replication
