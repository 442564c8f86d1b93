#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/unit/partition/fixture.h"

namespace hw::replication {
namespace {

using wire::ErrorCode;

struct Listener final : ReplicaListener {
    void on_led(LeaderEpoch epoch, Offset log_end, Offset high_watermark) override {
        events.push_back(
            fmt::format("led in {} to {}, committed {}", epoch, log_end, high_watermark));
    }
    void on_high_watermark(Offset offset) override {
        events.push_back(fmt::format("committed {}", offset));
    }
    void on_resigned(const wire::Refusal& reason) override {
        events.push_back(fmt::format("resigned: {}", reason.code));
    }
    [[nodiscard]] std::vector<std::string> take() { return std::exchange(events, {}); }

    std::vector<std::string> events;
};

struct Listened : World {
    void start() {
        node = std::make_unique<Node>(scheduler, disk, options);
        node->enter([this](PartitionReplica& replica) { replica.set_listener(heard); });
        node->open(Offset(0));
        node->lead(led_by_self(1));
    }
    std::expected<Offset, wire::Refusal> append(int in_epoch) {
        std::optional<std::expected<Offset, wire::Refusal>> outcome;
        node->enter([&](PartitionReplica& replica) {
            outcome = replica.append_own(make_batch({.records = 2}), LeaderEpoch(in_epoch));
        });
        settle();
        return *outcome;
    }

    std::shared_ptr<Listener> heard = std::make_shared<Listener>();
};

using Events = std::vector<std::string>;

TEST_CASE("listener: it learns that the replica leads, and how far its batches are committed",
          "[partition][listener]") {
    Listened world;
    world.start();
    CHECK(world.heard->take() == Events{"led in 1 to 0, committed 0"});
    CHECK(world.append(1) == Offset(1));
    CHECK(world.heard->take() == Events{"committed 2"});
    CHECK(world.append(1) == Offset(3));
    CHECK(world.heard->take() == Events{"committed 4"});
    CHECK(world.node->syncs_asked == std::vector(2, storage::SyncUrgency::waited_for));
    CHECK(world.node->values() == std::vector<std::string>{"v", "v", "v", "v"});
}

TEST_CASE("listener: its batch counts as committed when it is durable, not before",
          "[partition][listener]") {
    Listened world;
    world.start();
    world.node->committer_works = false;
    static_cast<void>(world.heard->take());
    CHECK(world.append(1) == Offset(1));
    CHECK(world.heard->take().empty());
    world.node->sync();
    world.settle();
    CHECK(world.heard->take() == Events{"committed 2"});
}

TEST_CASE("listener: a batch is refused in another epoch, by another leader and with a small ISR",
          "[partition][listener]") {
    Listened world;
    world.options.min_insync_replicas = 2;
    world.start();
    SECTION("too small an ISR") {
        world.node->lead(led_by_self(2, {kSelf, kOther}, {kSelf}));
        const auto refused = world.append(2);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == ErrorCode::not_enough_replicas);
    }
    SECTION("another epoch") {
        world.node->lead(led_by_self(2, {kSelf, kOther}, {kSelf, kOther}));
        const auto refused = world.append(1);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == ErrorCode::not_leader_or_follower);
    }
    SECTION("another leader") {
        world.node->enter([](PartitionReplica& replica) {
            replica.become_follower(led_by_self(2, {kSelf, kOther}, {kSelf, kOther}), kOther);
        });
        const auto refused = world.append(2);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == ErrorCode::not_leader_or_follower);
    }
    CHECK(world.node->log().staged_end_offset() == Offset(0));
}

TEST_CASE("listener: it learns that another broker leads, and that this one leads again",
          "[partition][listener]") {
    Listened world;
    world.start();
    CHECK(world.append(1) == Offset(1));
    static_cast<void>(world.heard->take());
    world.node->lead(led_by_self(2));
    CHECK(world.heard->take() == Events{"led in 2 to 2, committed 2"});
    world.node->enter([](PartitionReplica& replica) {
        replica.become_follower(led_by_self(3, {kSelf, kOther}, {kSelf, kOther}), kOther);
    });
    CHECK(world.heard->take() == Events{"resigned: NOT_LEADER_OR_FOLLOWER"});
    world.node->lead(led_by_self(4));
    CHECK(world.heard->take() == Events{"led in 4 to 2, committed 2"});
    world.node->enter(
        [](PartitionReplica& replica) { replica.on_directory_failed({ErrorKind::io, "no disk"}); });
    CHECK(world.heard->take() == Events{"resigned: KAFKA_STORAGE_ERROR"});
}

TEST_CASE("listener: it learns that its batch could not be written", "[partition][listener]") {
    Listened world;
    world.start();
    static_cast<void>(world.heard->take());
    world.disk.faults().failed.insert("/data");
    CHECK(world.append(1) == Offset(1));
    REQUIRE(world.node->failures.size() == 1);
    CHECK(world.heard->take().empty());  // The directory tells it, as on_directory_failed.
}

}  // namespace
}  // namespace hw::replication
