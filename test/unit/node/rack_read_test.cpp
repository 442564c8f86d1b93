#include <array>
#include <chrono>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "protocol/schema/api/fetch.h"
#include "test/unit/node/replicated.h"

/// Consumers of three nodes that read at a follower (KIP-392).
namespace hw::broker {
namespace {

using std::chrono_literals::operator""ms;

/// A Fetch of topic "t" that waits for records; whether it got some.
Task<> read(Member& at, std::int64_t from, std::optional<bool>& has_records) {
    const std::array partitions{schema::FetchRequest::Partition{.partition = PartitionIndex(0),
                                                                .fetch_offset = Offset(from),
                                                                .partition_max_bytes = 1 << 20}};
    const std::array topics{schema::FetchRequest::Topic{.topic = "t", .partitions = partitions}};
    schema::FetchRequest request;
    request.max_wait_ms = Millis(2000);
    request.min_bytes = 1;
    request.topics = topics;
    const TimePoint deadline = at.world.clock.now() + std::chrono::seconds(10);
    const auto answer = co_await replication::call<schema::FetchResponse>(at.channel, request,
                                                                          ApiVersion(12), deadline);
    has_records = answer && !wire::is_empty((*answer)->responses[0].partitions[0].records);
}

TEST_CASE(
    "rack read: a record is readable at a follower soon after it is acknowledged, also when "
    "no other follows",
    "[node][replication][kip-392]") {
    Replicated cluster(GENERATE(range(std::uint64_t{1}, std::uint64_t{6})));
    const BrokerId leader = cluster.wait_partition_leader(kFirst, kNoBroker);
    Member& follower = cluster.node(Quorum::other_than(leader));
    for (std::int64_t offset = 0; offset < 20; ++offset) {
        std::optional<bool> has_records;
        follower.control.spawn(read(follower, offset, has_records));
        cluster.world.run_for(600ms);
        REQUIRE_FALSE(has_records);
        REQUIRE(cluster.send(leader, "value;"));
        const TimePoint acknowledged = cluster.world.scheduler.now();
        REQUIRE(cluster.world.run_until([&] { return has_records.has_value(); }));
        CHECK(*has_records);
        INFO("offset " << offset);
        CHECK(cluster.world.scheduler.now() - acknowledged < 10ms);
    }
}

}  // namespace
}  // namespace hw::broker
