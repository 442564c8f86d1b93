#include <catch2/catch.hpp>

#include "test/unit/data/requests.h"
#include "test/unit/data/world.h"

namespace hw::broker {
namespace {

using wire::ErrorCode;
using Values = std::vector<std::string>;

/// A server with a record in topic "t", and a consumer of it whose reads wait for the disk: the
/// threads of the directory do nothing before `release`.
struct Bench {
    explicit Bench(std::uint64_t seed) : world(seed) {
        world.add({});
        world.append({.value = "old", .timestamp = Timestamp(1000)});
        world.run_for(std::chrono::seconds(1));  // all is synced
        world.disk.faults().uncached_one_in = 1;
        world.disk.faults().hung.insert("/data");
        reader = &world.connect();
    }
    void fetch() {
        reader->send(FetchOne(0).request, 12);
        world.run_for(std::chrono::seconds(1));
        REQUIRE_FALSE(reader->has_answer());
    }
    void release() {
        world.disk.faults().uncached_one_in = 0;
        world.disk.release("/data");
    }
    const schema::FetchResponse::Partition& fetched(Client& client) {
        return client.receive<schema::FetchResponse>(12).responses[0].partitions[0];
    }
    /// Produces with acks=1, which waits for no sync.
    ErrorCode produce(const std::string& value) {
        const Buffer batch = make_batch({.value = value, .timestamp = Timestamp(2000)});
        ProduceOne produce(batch.view());
        produce.request.acks = 1;
        const auto& answer = world.connect().ask<schema::ProduceResponse>(produce.request, 9);
        return answer.responses[0].partition_responses[0].error_code;
    }

    World world;
    Client* reader = nullptr;
};

TEST_CASE("cold read: it delays neither producers nor other readers of the partition",
          "[data][fetch][cold]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    bench.fetch();
    const TimePoint before = bench.world.scheduler.now();
    CHECK(bench.produce("new") == ErrorCode::none);
    bench.world.disk.faults().uncached_one_in = 0;
    Client& other = bench.world.connect();
    other.send(FetchOne(0).request, 12);
    CHECK(values_of(bench.fetched(other).records) == Values{"old"});
    CHECK(bench.world.scheduler.now() - before < std::chrono::seconds(1));
    CHECK_FALSE(bench.reader->has_answer());
    bench.release();
    const auto& partition = bench.fetched(*bench.reader);
    CHECK(partition.error_code == ErrorCode::none);
    CHECK(partition.high_watermark == Offset(1));  // as it was in the guard
    CHECK(values_of(partition.records) == Values{"old"});
}

TEST_CASE("cold read: a connection that ends meanwhile is not waited for", "[data][fetch][cold]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    bench.fetch();
    bench.reader->close();
    bench.world.run_for(std::chrono::seconds(1));
    bench.release();
    bench.world.run_for(std::chrono::seconds(1));
    CHECK(bench.world.shards[0]->host.size() == 1);  // the producer
    CHECK(bench.world.shards[0]->services.read_places.size() == 0);
}

TEST_CASE("cold read: a directory that is abandoned is an error of its disk",
          "[data][fetch][cold]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    bench.fetch();
    bench.world.disk.abandon("/data");
    CHECK(bench.fetched(*bench.reader).error_code == ErrorCode::kafka_storage_error);
    bench.release();
}

TEST_CASE("cold read: a failure after the end of the leadership is told as that end",
          "[data][fetch][cold]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    bench.fetch();
    bench.world.disk.alter("/data/t-0/00000000000000000000.log", record::BatchLayout::kLength,
                           "\x7f");
    const bool leads = GENERATE(false, true);
    if (!leads) {
        bench.world.enter("t", [](replication::PartitionReplica& replica) {
            replica.become_offline({ErrorCode::not_leader_or_follower, "another one leads"});
        });
    }
    bench.release();
    CHECK(bench.fetched(*bench.reader).error_code ==
          (leads ? ErrorCode::corrupt_message : ErrorCode::not_leader_or_follower));
}

TEST_CASE("cold read: a lookup by time delays no producer", "[data][list][cold]") {
    Bench bench(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const ListOne one(GENERATE(std::int64_t{0}, std::int64_t{-3}));
    bench.reader->send(one.request, 11);
    bench.world.run_for(std::chrono::seconds(1));
    CHECK_FALSE(bench.reader->has_answer());
    CHECK(bench.produce("new") == ErrorCode::none);
    bench.release();
    const auto& found =
        bench.reader->receive<schema::ListOffsetsResponse>(11).topics[0].partitions[0];
    CHECK(found.error_code == ErrorCode::none);
    CHECK(found.offset == Offset(0));
    CHECK(found.timestamp == Timestamp(1000));
    CHECK(found.leader_epoch == LeaderEpoch(5));
}

}  // namespace
}  // namespace hw::broker
