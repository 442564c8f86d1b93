#include <array>
#include <chrono>

#include <catch2/catch.hpp>

#include "test/unit/partition/fixture.h"

/// Consumers that read at a follower (KIP-392).
namespace hw::replication {
namespace {

using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;
using wire::ErrorCode;

constexpr BrokerId kThird{3};
constexpr Offset kNoReaders = FetchPosition::kNoReaders;

/// A follower of broker 2 in epoch 5, with records 0 to 2. It knows of none that it is committed.
struct Following : World {
    Following() {
        options.durability = Durability::memory;
        start();
        node->lead(led_by_self(2, {kSelf, kOther}, {kSelf, kOther}));
        for (const char* value : {"a", "b", "c"}) {
            (void)node->produce({.value = value}, Acks::leader);
            settle();
        }
        node->enter([](PartitionReplica& replica) {
            replica.become_follower(
                {LeaderEpoch(5), PartitionEpoch(5), {kSelf, kOther}, {kSelf, kOther}}, kOther);
        });
        settle();
    }
    /// The position of the next fetch.
    FetchPosition ask() {
        std::optional<FetchPosition> position;
        node->enter([&](PartitionReplica& replica) { position = replica.next_fetch(kOther); });
        REQUIRE(position.has_value());
        return *position;
    }
    /// The leader answers the fetch without records.
    void answer(const FetchPosition& asked, std::int64_t high_watermark) {
        node->enter([&](PartitionReplica& replica) {
            CHECK(replica
                      .take_fetched({.asked = asked,
                                     .diverging = {},
                                     .high_watermark = Offset(high_watermark),
                                     .log_start_offset = Offset(0),
                                     .records = {}},
                                    nullptr)
                      .empty());
        });
        settle();
    }
    std::expected<FetchAnswer, wire::Refusal> read(std::int64_t from, bool at_any_replica = true,
                                                   int epoch = 5) {
        std::optional<std::expected<FetchAnswer, wire::Refusal>> answer;
        node->enter([&](PartitionReplica& replica) {
            storage::ReadCursor cursor;
            auto plan = replica.plan_read(
                LeaderEpoch(epoch),
                {.from = Offset(from), .max_bytes = 1000, .at_any_replica = at_any_replica},
                cursor);
            answer =
                plan ? run(replica, std::move(*plan), Offset(from)) : std::unexpected(plan.error());
        });
        return std::move(*answer);
    }
    ErrorCode refusal(std::int64_t from, bool at_any_replica = true, int epoch = 5) {
        const auto answer = read(from, at_any_replica, epoch);
        return answer ? ErrorCode::none : answer.error().code;
    }
};

TEST_CASE("follower read: it shows what is below the follower's high watermark",
          "[partition][read][kip-392][r9]") {
    Following world;
    world.answer(world.ask(), 2);
    const auto answer = world.read(0);
    REQUIRE(answer.has_value());
    CHECK(answer->next_offset == Offset(2));
    CHECK(answer->high_watermark == Offset(2));
    CHECK(answer->log_start_offset == Offset(0));
}

TEST_CASE("follower read: between high watermark and log end it is empty, beyond out of range",
          "[partition][read][kip-392][r17]") {
    Following world;
    world.answer(world.ask(), 2);
    for (const std::int64_t from : {2, 3}) {
        const auto answer = world.read(from);
        REQUIRE(answer.has_value());
        CHECK(answer->bytes.size() == 0);
    }
    CHECK(world.refusal(4) == ErrorCode::offset_out_of_range);
}

TEST_CASE("follower read: beyond the log end, one that knows no leader epochs must ask the leader",
          "[partition][read][kip-392][r17]") {
    Following world;
    world.answer(world.ask(), 2);
    const auto answer = world.read(4, true, -1);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == ErrorCode::not_leader_or_follower);
    CHECK(answer.error().message ==
          "offset 4 is beyond this follower's log, which ends at 3; the leader may have it");
    CHECK(world.read(3, true, -1).has_value());
    CHECK(world.refusal(-1, true, -1) == ErrorCode::offset_out_of_range);
}

TEST_CASE(
    "follower read: only with the follower's leader epoch, and only if the reader asks for it",
    "[partition][read][kip-392][kip-320]") {
    Following world;
    CHECK(world.refusal(0, true, 5) == ErrorCode::none);
    CHECK(world.refusal(0, true, -1) == ErrorCode::none);
    CHECK(world.refusal(0, true, 4) == ErrorCode::fenced_leader_epoch);
    CHECK(world.refusal(0, true, 6) == ErrorCode::unknown_leader_epoch);
    CHECK(world.refusal(0, false, 5) == ErrorCode::not_leader_or_follower);
}

/// The leader tells the follower that their logs part at offset 1.
auto begin_truncation(Following& world) {
    const FetchPosition asked = world.ask();
    world.node->enter([&](PartitionReplica& replica) {
        (void)replica.take_fetched({.asked = asked,
                                    .diverging = storage::EpochEnd{LeaderEpoch(0), Offset(1)},
                                    .high_watermark = Offset(9),
                                    .log_start_offset = Offset(0),
                                    .records = {}},
                                   nullptr);
    });
    REQUIRE(world.node->truncations.size() == 1);
    auto truncation = std::move(world.node->truncations.back());
    world.node->truncations.clear();
    return truncation;
}

TEST_CASE("follower read: not while the log is being cut", "[partition][read][kip-392]") {
    Following world;
    auto truncation = begin_truncation(world);
    CHECK(world.refusal(0) == ErrorCode::not_leader_or_follower);
    const auto outcome = truncation.job.run();
    world.node->enter([&](PartitionReplica& replica) {
        replica.on_truncated(std::move(truncation.job), outcome);
    });
    world.settle();
    CHECK(world.refusal(0) == ErrorCode::none);
    CHECK(world.refusal(2) == ErrorCode::offset_out_of_range);
}

TEST_CASE("follower read: not after the log could not be cut", "[partition][read]") {
    Following world;
    auto truncation = begin_truncation(world);
    world.node->enter([&](PartitionReplica& replica) {
        replica.on_truncated(std::move(truncation.job), fail(ErrorKind::corrupt, "a bad batch"));
    });
    CHECK(world.refusal(0) == ErrorCode::kafka_storage_error);
    std::optional<FetchPosition> next;
    world.node->enter([&](PartitionReplica& replica) { next = replica.next_fetch(kOther); });
    CHECK_FALSE(next);
}

TEST_CASE("follower read: one that waits goes on when the leader tells a new high watermark",
          "[partition][read][kip-392]") {
    Following world;
    world.answer(world.ask(), 1);
    const auto waiting = world.node->watch(1, world.read(1)->seen_bytes);
    world.settle();
    CHECK_FALSE(waiting->ended);
    world.answer(world.ask(), 2);
    CHECK(waiting->ended);
}

TEST_CASE("follower read: one that waits learns of records from before a restart, too",
          "[partition][read][kip-392]") {
    Following world;
    world.disk.process_kill();
    world.node = std::make_unique<Node>(world.scheduler, world.disk, world.options);
    world.node->open(Offset(1));
    world.node->enter([](PartitionReplica& replica) {
        replica.become_follower(
            {LeaderEpoch(5), PartitionEpoch(5), {kSelf, kOther}, {kSelf, kOther}}, kOther);
    });
    const auto waiting = world.node->watch(1, world.read(1)->seen_bytes);
    world.settle();
    CHECK_FALSE(waiting->ended);
    world.answer(world.ask(), 3);
    CHECK(waiting->ended);
}

TEST_CASE(
    "follower read: the follower names the high watermark that it shows, while it has readers",
    "[partition][read][kip-392][kip-1166]") {
    Following world;
    FetchPosition asked = world.ask();
    CHECK(asked.shown_high_watermark == kNoReaders);
    world.answer(asked, 2);
    (void)world.read(0);
    asked = world.ask();
    CHECK(asked.shown_high_watermark == Offset(2));
    world.answer(asked, 3);
    (void)world.scheduler.park(sim::kWorld, [] {}, world.scheduler.now() + 10min);
    world.settle();
    CHECK(world.ask().shown_high_watermark == kNoReaders);
}

TEST_CASE("follower read: a wait that began with a read in another leader epoch ends at once",
          "[partition][read][kip-392]") {
    Following world;
    world.answer(world.ask(), 2);
    Waiting waiting;
    waiting.wait = DelayedFetch::begin(world.node->shard, 1, [&waiting] { waiting.ended = true; });
    world.node->enter([&](PartitionReplica& replica) {
        replica.watch({.wait = waiting.wait->reference(),
                       .seen_bytes = 1'000'000,
                       .max_bytes = 1'000'000,
                       .leader_epoch = LeaderEpoch(2)});
    });
    world.settle();
    CHECK(waiting.ended);
}

TEST_CASE("follower read: after a failed read consumers of that offset are not sent here again",
          "[partition][read][kip-392]") {
    Following world;
    world.answer(world.ask(), 2);
    ErrorCode code{};
    world.node->enter([&](PartitionReplica& replica) {
        code = replica.report_failed_read({ErrorKind::corrupt, "a flipped bit"}, Offset(1)).code;
    });
    CHECK(code == ErrorCode::kafka_storage_error);
    CHECK(world.ask().log_start_offset == Offset(2));
}

TEST_CASE("follower read: a reader that has more than the follower is not told to cut",
          "[partition][read][kip-392]") {
    Following world;
    world.answer(world.ask(), 2);
    world.node->enter([](PartitionReplica& replica) {
        storage::ReadCursor cursor;
        const auto plan = replica.plan_read(LeaderEpoch(5),
                                            {.from = Offset(4),
                                             .max_bytes = 1000,
                                             .last_fetched_epoch = LeaderEpoch(2),
                                             .at_any_replica = true},
                                            cursor);
        REQUIRE_FALSE(plan.has_value());
        CHECK(plan.error().code == ErrorCode::offset_out_of_range);
    });
}

/// A leader of three replicas, all in sync, with records 0 to 9.
struct Leading {
    Leading() {
        LeaderEffects effects;
        core.on_leadership({.facts = {LeaderEpoch(5),
                                      PartitionEpoch(0),
                                      {kSelf, kOther, kThird},
                                      {kSelf, kOther, kThird}},
                            .rules = {},
                            .epoch_start_offset = Offset(8),
                            .ends = {Offset(10), Offset(10)}},
                           TimePoint(), effects);
    }
    void fetch(BrokerId from, std::int64_t offset, std::int64_t log_start = 0) {
        LeaderEffects effects;
        core.on_fetch({.broker = from,
                       .broker_epoch = BrokerEpoch(1),
                       .offset = Offset(offset),
                       .log_start_offset = Offset(log_start),
                       .may_join_isr = true,
                       .at = TimePoint()},
                      effects);
    }
    [[nodiscard]] BrokerId preferred(std::int64_t from, std::vector<BrokerId> rack) const {
        return core.preferred_replica(Offset(from), rack);
    }

    PartitionLeader core{kSelf, Offset(6)};
};

TEST_CASE("preferred replica: in the rack, the member of the ISR with the most records",
          "[partition][read][kip-392]") {
    Leading world;
    CHECK(world.preferred(0, {kOther, kThird}) == kNoBroker);  // neither has fetched yet
    world.fetch(kOther, 8);
    world.fetch(kThird, 9);
    CHECK(world.preferred(0, {kOther, kThird}) == kThird);
    CHECK(world.preferred(0, {kOther}) == kOther);
    CHECK(world.preferred(0, {kSelf, kThird}) == kNoBroker);
    CHECK(world.preferred(0, {BrokerId(7)}) == kNoBroker);
    CHECK(world.preferred(0, {}) == kNoBroker);
}

TEST_CASE("preferred replica: it has the offset, and is in sync", "[partition][read][kip-392]") {
    Leading world;
    world.fetch(kOther, 8, 3);
    CHECK(world.preferred(8, {kOther}) == kOther);
    CHECK(world.preferred(9, {kOther}) == kNoBroker);
    CHECK(world.preferred(2, {kOther}) == kNoBroker);
    LeaderEffects effects;
    world.core.on_metadata(
        {LeaderEpoch(5), PartitionEpoch(1), {kSelf, kOther, kThird}, {kSelf, kThird}}, TimePoint(),
        effects);
    CHECK(world.preferred(8, {kOther}) == kNoBroker);
}

}  // namespace
}  // namespace hw::replication
