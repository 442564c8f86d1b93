#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/schema/api/find_coordinator.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/offset_fetch.h"
#include "test/unit/node/member.h"

/// Committed offsets that nobody needs any more.
namespace hw::broker {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using wire::ErrorCode;

/// A node that keeps offsets for a minute, and a group without members.
struct Committed {
    explicit Committed(std::uint64_t seed)
        : world(seed, {.delay_least = Duration(0), .delay_most = Duration(1)}),
          disk(world.scheduler, 1),
          member(world, 1, disk, 0,
                 {"offsets.retention.minutes=1", "offsets.retention.check.interval.ms=1000",
                  "offsets.topic.num.partitions=1"}) {
        member.run(member.start(), member.done);
        wait([this] { return asked_coordinator(); });
    }
    ~Committed() { member.run(member.stop(), member.stopped); }
    Committed(const Committed&) = delete;
    Committed& operator=(const Committed&) = delete;

    void create(const std::string& topic) {
        member.control.spawn(member.create(topic));
        REQUIRE(world.run_until([&] { return member.created.has_value(); }));
        wait([&] { return std::ranges::count(member.ask_topics(), topic + " led") == 1; });
    }
    void remove(const std::string& topic) {
        member.control.spawn(member.remove(topic));
        REQUIRE(world.run_until([&] { return member.removed.has_value(); }));
    }
    void produce(const std::string& topic) {
        member.produced.reset();
        member.control.spawn(member.produce(topic));
        REQUIRE(world.run_until([&] { return member.produced.has_value(); }));
        REQUIRE(*member.produced == ErrorCode::none);
    }
    void commit(const std::string& topic, std::int64_t offset) {
        code = ErrorCode::unknown_server_error;
        ended = false;
        member.run(send_commit(topic, offset), ended);
        REQUIRE(code == ErrorCode::none);
    }
    std::map<std::string, std::int64_t> offsets() {
        ended = false;
        member.run(fetch(), ended);
        return fetched;
    }
    void wait(const std::function<bool()>& wanted) {
        for (int i = 0; i < 100 && !wanted(); ++i) {
            world.run_for(std::chrono::milliseconds(100));
        }
        REQUIRE(wanted());
    }
    bool asked_coordinator() {
        code = ErrorCode::unknown_server_error;
        ended = false;
        member.run(find(), ended);
        return code == ErrorCode::none;
    }

    [[nodiscard]] TimePoint limit() const { return world.clock.now() + seconds(10); }
    Task<> find() {
        const std::array keys{std::string_view("g")};
        schema::FindCoordinatorRequest request;
        request.coordinator_keys = keys;
        const auto answer = co_await replication::call<schema::FindCoordinatorResponse>(
            member.channel, request, ApiVersion(4), limit());
        if (answer) {
            code = (*answer)->coordinators[0].error_code;
        }
        ended = true;
    }
    Task<> send_commit(std::string topic, std::int64_t offset) {
        const schema::OffsetCommitRequest::Partition partition{.partition_index = PartitionIndex(0),
                                                               .committed_offset = Offset(offset),
                                                               .committed_metadata = ""};
        const schema::OffsetCommitRequest::Topic named{.name = topic,
                                                       .partitions = {&partition, 1}};
        schema::OffsetCommitRequest request{.group_id = "g"};
        request.topics = {&named, 1};
        const auto answer = co_await replication::call<schema::OffsetCommitResponse>(
            member.channel, request, ApiVersion(9), limit());
        if (answer) {
            code = (*answer)->topics[0].partitions[0].error_code;
        }
        ended = true;
    }
    Task<> fetch() {
        const std::array groups{schema::OffsetFetchRequest::Group{
            .group_id = "g", .topics = wire::Array<schema::OffsetFetchRequest::Topic>::null()}};
        schema::OffsetFetchRequest request;
        request.groups = groups;
        const auto answer = co_await replication::call<schema::OffsetFetchResponse>(
            member.channel, request, ApiVersion(8), limit());
        if (answer) {
            fetched.clear();
            for (const auto& topic : (*answer)->groups[0].topics) {
                fetched[std::string(topic.name)] = topic.partitions[0].committed_offset.value();
            }
        }
        ended = true;
    }

    World world;
    sim::SimDisk disk;
    Member member;
    bool ended = false;
    ErrorCode code = ErrorCode::none;
    std::map<std::string, std::int64_t> fetched;
};

using Offsets = std::map<std::string, std::int64_t>;

TEST_CASE("offset cleaner: an offset is kept ten times as long while there are unread records",
          "[node][groups]") {
    Committed group(GENERATE(range(std::uint64_t{1}, std::uint64_t{4})));
    for (const char* topic : {"read", "unread"}) {
        group.create(topic);
        group.produce(topic);
    }
    group.commit("read", 1);
    group.commit("unread", 0);
    group.world.run_for(seconds(50));
    CHECK(group.offsets() == Offsets{{"read", 1}, {"unread", 0}});
    group.world.run_for(seconds(20));
    CHECK(group.offsets() == Offsets{{"unread", 0}});
    group.world.run_for(minutes(8));
    CHECK(group.offsets() == Offsets{{"unread", 0}});
    group.world.run_for(minutes(2));
    CHECK(group.offsets().empty());
}

TEST_CASE("offset cleaner: offsets of a deleted topic go soon", "[node][groups]") {
    Committed group(1);
    for (const char* topic : {"deleted", "kept"}) {
        group.create(topic);
        group.commit(topic, 0);
    }
    group.remove("deleted");
    group.world.run_for(seconds(3));
    CHECK(group.offsets() == Offsets{{"kept", 0}});
}

}  // namespace
}  // namespace hw::broker
