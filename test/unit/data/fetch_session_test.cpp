#include "replication/fetch/fetch_session.h"

#include <array>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"
#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using std::chrono::milliseconds;
using wire::ErrorCode;
using Request = schema::FetchRequest;
using Response = schema::FetchResponse;
using Names = std::vector<std::string>;

/// One partition of a request: topic and offset.
struct Named {
    std::string topic;
    std::int64_t offset = 0;
    std::int32_t index = 0;
};

/// A server with the topics "a", "b" and "c", and a consumer with a session.
struct Bench {
    explicit Bench(std::int16_t request_version = 17, std::uint64_t seed = 1)
        : world(seed), version(request_version) {
        for (const std::string topic : {"a", "b", "c"}) {
            world.add({.topic = topic});
        }
        client = &world.connect();
    }

    /// Sends a request, with the session id and epoch that come next unless a test changes them.
    void send(const std::vector<Named>& named, const Names& forgotten = {}) {
        std::vector<Request::Partition> partitions;
        std::vector<Request::Topic> topics;
        partitions.reserve(named.size());
        for (const Named& one : named) {
            partitions.push_back({.partition = PartitionIndex(one.index),
                                  .fetch_offset = Offset(one.offset),
                                  .partition_max_bytes = 1 << 20});
            topics.push_back({.topic = one.topic,
                              .topic_id = world.id_of(one.topic),
                              .partitions = {&partitions.back(), 1}});
        }
        const PartitionIndex index{0};
        std::vector<Request::ForgottenTopic> forget;
        for (const std::string& topic : forgotten) {
            forget.push_back(
                {.topic = topic, .topic_id = world.id_of(topic), .partitions = {&index, 1}});
        }
        Request request;
        request.max_wait_ms = max_wait;
        request.min_bytes = 1;
        request.max_bytes = max_bytes;
        request.session_id = id;
        request.session_epoch = epoch;
        request.topics = topics;
        request.forgotten_topics_data = forget;
        client->send(request, version);
        epoch = replication::next_session_epoch(epoch);
    }
    const Response& receive() {
        const Response& response = client->receive<Response>(version);
        if (response.error_code == ErrorCode::none) {
            id = response.session_id;
        }
        return response;
    }
    const Response& fetch(const std::vector<Named>& named, const Names& forgotten = {}) {
        send(named, forgotten);
        return receive();
    }
    /// The topics of the answer, in order.
    Names topics_of(const Response& response) {
        Names names;
        for (const Response::Topic& topic : response.responses) {
            for (const std::string name : {"a", "b", "c"}) {
                if (topic.topic == name || topic.topic_id == world.id_of(name)) {
                    names.push_back(name);
                }
            }
        }
        return names;
    }

    World world;
    std::int16_t version;
    Client* client = nullptr;
    std::int32_t id = 0;
    std::int32_t epoch = 0;
    Millis max_wait{};
    std::int32_t max_bytes = 1 << 20;
};

TEST_CASE("fetch session: what a session knows is read without being named",
          "[data][fetch][session]") {
    Bench bench(GENERATE(range(std::int16_t{7}, std::int16_t{19})),
                GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    const Response& full = bench.fetch({{"a"}, {"b"}, {"c"}});
    CHECK(full.session_id > 0);
    CHECK(bench.topics_of(full) == Names{"a", "b", "c"});
    CHECK(bench.topics_of(bench.fetch({})).empty());
    bench.world.append({.value = "v"}, "b");
    const Response& news = bench.fetch({});
    CHECK(news.session_id == full.session_id);
    CHECK(bench.topics_of(news) == Names{"b"});
    CHECK(values_of(news.responses[0].partitions[0].records) == Names{"v"});
    CHECK(bench.topics_of(bench.fetch({{"b", 1}})).empty());
}

TEST_CASE("fetch session: forgotten partitions are not read, added ones are",
          "[data][fetch][session]") {
    Bench bench(GENERATE(std::int16_t{12}, std::int16_t{17}));
    CHECK(bench.fetch({{"a"}, {"b"}}).session_id > 0);
    bench.world.append({}, "a");
    bench.world.append({}, "c");
    CHECK(bench.topics_of(bench.fetch({{"c"}}, {"a"})) == Names{"c"});
    bench.world.append({}, "b");
    CHECK(bench.topics_of(bench.fetch({{"c", 1}})) == Names{"b"});
}

TEST_CASE("fetch session: a session without partitions ends", "[data][fetch][session]") {
    Bench bench;
    const std::int32_t id = bench.fetch({{"a"}}).session_id;
    const Response& last = bench.fetch({}, {"a"});
    CHECK(last.error_code == ErrorCode::none);
    CHECK(last.session_id == 0);
    bench.id = id;
    CHECK(bench.fetch({{"a"}}).error_code == ErrorCode::fetch_session_id_not_found);
}

TEST_CASE(
    "fetch session: a request that waits is answered when a partition of the session gets "
    "records",
    "[data][fetch][session]") {
    Bench bench(17, GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    CHECK(bench.fetch({{"a"}, {"b"}}).session_id > 0);
    bench.max_wait = Millis(10'000);
    bench.send({});
    bench.world.run_for(milliseconds(100));
    CHECK_FALSE(bench.client->has_answer());
    bench.world.append({.value = "v"}, "b");
    bench.world.run_for(milliseconds(10));
    REQUIRE(bench.client->has_answer());
    CHECK(bench.topics_of(bench.receive()) == Names{"b"});
}

TEST_CASE("fetch session: one that waits in vain gets an empty answer at its deadline",
          "[data][fetch][session]") {
    Bench bench;
    CHECK(bench.fetch({{"a"}, {"b"}}).session_id > 0);
    bench.max_wait = Millis(500);
    const TimePoint begin = bench.world.clock.now();
    const Response& answer = bench.fetch({});
    CHECK(bench.world.clock.now() - begin >= milliseconds(500));
    CHECK(answer.error_code == ErrorCode::none);
    CHECK(answer.session_id == bench.id);
    CHECK(answer.responses.empty());
}

TEST_CASE("fetch session: a partition with an error is answered each time, and once more after it",
          "[data][fetch][session]") {
    Bench bench;
    CHECK(bench.fetch({{"a"}, {"b", 9}}).session_id > 0);
    for (int repeat = 0; repeat < 2; ++repeat) {
        const Response& failed = bench.fetch({});
        REQUIRE(bench.topics_of(failed) == Names{"b"});
        CHECK(failed.responses[0].partitions[0].error_code == ErrorCode::offset_out_of_range);
    }
    CHECK(bench.topics_of(bench.fetch({{"b", 0}})) == Names{"b"});
    CHECK(bench.topics_of(bench.fetch({})).empty());
}

TEST_CASE("fetch session: an unknown partition and an unknown topic have errors in each answer",
          "[data][fetch][session]") {
    Bench bench(GENERATE(std::int16_t{12}, std::int16_t{17}));
    const Response& full = bench.fetch({{"a"}, {"a", 0, 7}});
    REQUIRE(full.responses.size() == 1);
    CHECK(full.responses[0].partitions.size() == 2);
    const Response& again = bench.fetch({});
    REQUIRE(again.responses.size() == 1);
    REQUIRE(again.responses[0].partitions.size() == 1);
    CHECK(again.responses[0].partitions[0].partition_index == PartitionIndex(7));
    CHECK(again.responses[0].partitions[0].error_code != ErrorCode::none);
}

TEST_CASE("fetch session: a partition named several times in a full request is answered once",
          "[data][fetch][session]") {
    Bench bench;
    bench.world.append({.value = "first"}, "a");
    bench.world.append({.value = "second"}, "a");
    const Response& full = bench.fetch({{"a", 0}, {"b"}, {"a", 1}});
    CHECK(bench.topics_of(full) == Names{"a", "b"});
    CHECK(values_of(full.responses[0].partitions[0].records) == Names{"second"});
}

TEST_CASE("fetch session: partitions with records take turns when an answer holds one batch",
          "[data][fetch][session]") {
    Bench bench;
    for (const std::string topic : {"a", "b", "c"}) {
        bench.world.append({}, topic);
    }
    bench.max_bytes = 1;
    Names served;
    for (int request = 0; request < 6; ++request) {
        const Response& response = bench.fetch(
            request == 0 ? std::vector<Named>{{"a"}, {"b"}, {"c"}} : std::vector<Named>());
        for (const Response::Topic& topic : response.responses) {
            if (!topic.partitions[0].records.empty() && !topic.partitions[0].records[0].empty()) {
                served.push_back(bench.world.id_of("a") == topic.topic_id   ? "a"
                                 : bench.world.id_of("b") == topic.topic_id ? "b"
                                                                            : "c");
            }
        }
    }
    CHECK(served == Names{"a", "b", "c", "a", "b", "c"});
}

TEST_CASE("fetch session: wrong epochs are refused, and change nothing", "[data][fetch][session]") {
    Bench bench;
    const std::int32_t id = bench.fetch({{"a"}}).session_id;
    bench.world.append({}, "b");
    for (const std::int32_t wrong : {2, 7, INT32_MAX, INT32_MIN, -2}) {
        bench.epoch = wrong;
        const Response& refused = bench.fetch({{"b"}});
        CHECK(refused.error_code == ErrorCode::invalid_fetch_session_epoch);
        CHECK(refused.session_id == 0);
        CHECK(refused.responses.empty());
    }
    bench.epoch = 1;
    const Response& right = bench.fetch({});
    CHECK(right.session_id == id);
    CHECK(right.responses.empty());
}

TEST_CASE("fetch session: an id that nobody has is refused", "[data][fetch][session]") {
    Bench bench;
    CHECK(bench.fetch({{"a"}}).session_id > 0);
    for (const std::int32_t wrong : {0, -1, INT32_MIN, INT32_MAX, bench.id - 1}) {
        bench.id = wrong;
        bench.epoch = 1;
        CHECK(bench.fetch({}).error_code == ErrorCode::fetch_session_id_not_found);
    }
}

TEST_CASE("fetch session: topic ids and names do not mix in a session", "[data][fetch][session]") {
    Bench bench(GENERATE(std::int16_t{12}, std::int16_t{13}));
    CHECK(bench.fetch({{"a"}}).session_id > 0);
    bench.version = bench.version == 12 ? 13 : 12;
    CHECK(bench.fetch({}).error_code == ErrorCode::fetch_session_topic_id_error);
}

TEST_CASE("fetch session: epoch -1 closes the session, and epoch 0 begins another",
          "[data][fetch][session]") {
    Bench bench;
    const std::int32_t id = bench.fetch({{"a"}}).session_id;
    bench.epoch = GENERATE(-1, 0);
    const bool renews = bench.epoch == 0;
    const Response& full = bench.fetch({{"b"}});
    CHECK(bench.topics_of(full) == Names{"b"});
    CHECK((full.session_id > 0) == renews);
    CHECK(full.session_id != id);
    bench.id = id;
    bench.epoch = 1;
    CHECK(bench.fetch({}).error_code == ErrorCode::fetch_session_id_not_found);
}

TEST_CASE("fetch session: a session goes on over another connection to its shard, not to others",
          "[data][fetch][session]") {
    Bench bench;
    CHECK(bench.fetch({{"a"}}).session_id > 0);
    const std::size_t shard = GENERATE(std::size_t{0}, std::size_t{1});
    bench.client->close();
    bench.client = &bench.world.connect(shard);
    CHECK(bench.fetch({}).error_code ==
          (shard == 0 ? ErrorCode::none : ErrorCode::fetch_session_id_not_found));
}

TEST_CASE("fetch session: a second request of a session is refused until the first is answered",
          "[data][fetch][session]") {
    Bench bench;
    CHECK(bench.fetch({{"a"}}).session_id > 0);
    Client* const first = bench.client;
    bench.max_wait = Millis(1'000);
    bench.send({});
    bench.world.run_for(milliseconds(10));
    bench.client = &bench.world.connect();
    CHECK(bench.fetch({}).error_code == ErrorCode::invalid_fetch_session_epoch);
    SECTION("until the end of the first one's connection, too") {
        first->close();
    }
    SECTION("the first is answered as usual") {
        bench.client = first;
        CHECK(bench.receive().error_code == ErrorCode::none);
    }
    bench.world.run_for(milliseconds(10));
    bench.epoch = 2;
    CHECK(bench.fetch({}).error_code == ErrorCode::none);
}

TEST_CASE("fetch session: requests of one session sent at once get one answer each",
          "[data][fetch][session]") {
    Bench bench(17, GENERATE(range(std::uint64_t{1}, std::uint64_t{11})));
    CHECK(bench.fetch({{"a"}, {"b"}}).session_id > 0);
    for (int request = 0; request < 4; ++request) {
        bench.send({{"c"}}, {request % 2 == 0 ? "a" : "b"});
    }
    for (int request = 0; request < 4; ++request) {
        const Response& response = bench.client->receive<Response>(17);
        CHECK((response.error_code == ErrorCode::none ||
               response.error_code == ErrorCode::invalid_fetch_session_epoch));
    }
}

TEST_CASE("fetch session: without room for it, a request is answered without a session",
          "[data][fetch][session]") {
    Bench bench;  // each of its shards has two slots
    CHECK(bench.fetch({{"a"}}).session_id > 0);
    bench.id = 0;
    bench.epoch = 0;
    CHECK(bench.fetch({{"a"}}).session_id > 0);
    bench.id = 0;
    bench.epoch = 0;
    const Response& full = bench.fetch({{"a"}});
    CHECK(full.error_code == ErrorCode::none);
    CHECK(full.session_id == 0);
    CHECK(bench.topics_of(full) == Names{"a"});
}

/// A consumer's knowledge of one partition, from all answers so far.
struct Seen {
    std::int64_t next = 0;
    Offset high_watermark = kNoOffset;
};

TEST_CASE("fetch session: a session tells as much as full requests do", "[data][fetch][session]") {
    Bench bench(GENERATE(std::int16_t{11}, std::int16_t{17}),
                GENERATE(range(std::uint64_t{1}, std::uint64_t{31})));
    Random random(bench.world.scheduler.random().next());
    std::map<std::string, Seen> seen;
    std::map<std::string, std::int64_t> in_session;
    std::map<std::string, std::int64_t> written;
    for (int step = 0; step < 40; ++step) {
        const std::string topic(1, static_cast<char>('a' + random.below(3)));
        if (random.chance(1, 2)) {
            bench.world.append({.value = topic}, topic);
            ++written[topic];
        }
        std::vector<Named> named;
        Names forgotten;
        if (bench.epoch > 0 && in_session.contains(topic) && in_session.size() > 1 &&
            random.chance(1, 4)) {
            in_session.erase(topic);
            forgotten.push_back(topic);
            seen[topic].high_watermark = kNoOffset;
        } else {
            in_session.try_emplace(topic, -1);
        }
        for (auto& [name, offset] : in_session) {
            if (bench.epoch == 0 || offset != seen[name].next) {
                offset = seen[name].next;
                named.push_back({name, offset});
            }
        }
        const Response& response = bench.fetch(named, forgotten);
        REQUIRE(response.error_code == ErrorCode::none);
        REQUIRE(response.session_id > 0);
        const Names answered = bench.topics_of(response);
        for (std::size_t index = 0; index < answered.size(); ++index) {
            REQUIRE(in_session.contains(answered[index]));
            const Response::Partition& partition = response.responses[index].partitions[0];
            Seen& known = seen[answered[index]];
            known.next += static_cast<std::int64_t>(values_of(partition.records).size());
            known.high_watermark = partition.high_watermark;
        }
        for (const auto& [name, offset] : in_session) {
            CHECK(seen[name].next == written[name]);
            CHECK(seen[name].high_watermark == Offset(written[name]));
        }
        if (random.chance(1, 10)) {
            bench.epoch = 0;
        }
    }
}

}  // namespace
}  // namespace hw::broker
