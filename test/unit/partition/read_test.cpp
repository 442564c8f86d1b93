#include <catch2/catch.hpp>

#include "test/unit/partition/fixture.h"

namespace hw::replication {
namespace {

using storage::SyncUrgency;
using wire::ErrorCode;
using Values = std::vector<std::string>;

constexpr IsolationLevel kAll = IsolationLevel::read_uncommitted;

/// Appends with acks=1. The batch is not synced unless a reader waits for it.
void append(World& world, const BatchShape& shape) {
    const auto produced = world.node->produce(shape, Acks::leader);
    world.settle();
    REQUIRE(produced->ended);
    REQUIRE(produced->code() == ErrorCode::none);
}

void sync(World& world) {
    world.node->sync();
    world.settle();
}

std::expected<ListedOffset, wire::Refusal> list(World& world, std::int64_t timestamp) {
    std::optional<std::expected<ListedOffset, wire::Refusal>> answer;
    world.node->enter([&](PartitionReplica& replica) {
        const auto reader = replica.reader(kNoLeaderEpoch);
        REQUIRE(reader.has_value());
        const auto plan = reader->plan_lookup(*offset_query(timestamp, kAll));
        if (!plan) {
            answer = std::unexpected(plan.error());
        } else if (const auto* search = std::get_if<OffsetSearch>(&*plan)) {
            const auto found = search->search.run();
            answer = found ? reader->listed(*search, *found)
                           : std::unexpected(reader->report_failed_read(found.error()));
        } else {
            answer = std::get<ListedOffset>(*plan);
        }
    });
    return *answer;
}

std::expected<FetchAnswer, wire::Refusal> read_after(World& world, std::int64_t from,
                                                     int last_fetched_epoch) {
    std::optional<std::expected<FetchAnswer, wire::Refusal>> answer;
    world.node->enter([&](PartitionReplica& replica) {
        FetchRead read{.from = Offset(from), .max_bytes = 1000};
        read.last_fetched_epoch = LeaderEpoch(last_fetched_epoch);
        storage::ReadCursor cursor;
        auto plan = replica.plan_read(kNoLeaderEpoch, read, cursor);
        answer =
            plan ? run(replica, std::move(*plan), Offset(from)) : std::unexpected(plan.error());
    });
    return std::move(*answer);
}

storage::EpochEnd epoch_end(World& world, int epoch) {
    storage::EpochEnd end;
    world.node->enter([&](PartitionReplica& replica) {
        end = replica.reader(kNoLeaderEpoch)->end_offset_for(LeaderEpoch(epoch));
    });
    return end;
}

TEST_CASE("read: a consumer sees nothing at or above the high watermark", "[partition][read][r9]") {
    World world;
    world.start();
    append(world, {.value = "a"});
    sync(world);
    append(world, {.value = "b"});
    CHECK(world.node->values() == Values{"a"});
    const auto answer = world.node->read(0);
    REQUIRE(answer.has_value());
    CHECK(answer->high_watermark == Offset(1));
    CHECK(answer->last_stable_offset == Offset(1));
    CHECK(answer->log_start_offset == Offset(0));
    CHECK(answer->next_offset == Offset(1));
    sync(world);
    CHECK(world.node->values() == Values{"a", "b"});
}

TEST_CASE("read: a batch is not seen until the watermark has passed all of it",
          "[partition][read][r9]") {
    World world;
    world.start();
    append(world, {.value = "a", .records = 3});
    sync(world);
    append(world, {.value = "b", .records = 3});
    CHECK(world.node->values(2) == Values{"a"});
}

TEST_CASE("read: damage is CORRUPT_MESSAGE, but KAFKA_STORAGE_ERROR if another replica can lead",
          "[partition][read][damage]") {
    World world;
    world.start();
    append(world, {.value = "a"});
    sync(world);
    const std::string path = "/data/t-0/00000000000000000000.log";
    world.disk.alter(path, record::BatchLayout::kMagic, "\x07");
    const auto alone = world.node->read(0);
    REQUIRE_FALSE(alone.has_value());
    CHECK(alone.error().code == ErrorCode::corrupt_message);
    CHECK(alone.error().message == path + ", byte 0: a record batch has the unknown magic 7");
    CHECK(list(world, 0).error().code == ErrorCode::corrupt_message);
    world.node->lead(led_by_self(world.epoch + 1, {kSelf, kOther}, {kSelf, kOther}));
    CHECK(world.node->read(0).error().code == ErrorCode::kafka_storage_error);
    CHECK(list(world, 0).error().code == ErrorCode::kafka_storage_error);
}

TEST_CASE(
    "read: between the watermark and the log end a read is empty, outside of the log it is an "
    "error",
    "[partition][read]") {
    World world;
    world.start();
    append(world, {.records = 3});
    for (const std::int64_t from : {0, 1, 3}) {
        const auto answer = world.node->read(from);
        REQUIRE(answer.has_value());
        CHECK(answer->bytes.size() == 0);
    }
    CHECK(world.node->read(4).error().code == ErrorCode::offset_out_of_range);
    CHECK(world.node->read(-1).error().code == ErrorCode::offset_out_of_range);
}

TEST_CASE("read: a request with another leader epoch learns which side has old metadata",
          "[partition][read][kip-320]") {
    World world;
    world.start();
    world.node->lead(led_by_self(5));
    CHECK(world.node->read(0, LeaderEpoch(5)).has_value());
    CHECK(world.node->read(0, kNoLeaderEpoch).has_value());
    CHECK(world.node->read(0, LeaderEpoch(4)).error().code == ErrorCode::fenced_leader_epoch);
    const auto newer = world.node->read(0, LeaderEpoch(6));
    CHECK(newer.error().code == ErrorCode::unknown_leader_epoch);
    CHECK(
        newer.error().message ==
        "the request has leader epoch 6, this broker leads in epoch 5: it does not know the newer "
        "epoch yet, try again");
}

TEST_CASE("read: a reader whose log differs from this one learns where they diverge",
          "[partition][read][kip-320]") {
    World world;
    world.start();
    append(world, {.records = 3});
    world.node->lead(led_by_self(5));
    append(world, {.records = 2});
    sync(world);
    const auto same = read_after(world, 3, 1);
    REQUIRE(same.has_value());
    CHECK_FALSE(same->diverging);
    CHECK(same->bytes.size() > 0);
    const auto longer = read_after(world, 4, 1);
    REQUIRE(longer.has_value());
    CHECK(longer->diverging == storage::EpochEnd{LeaderEpoch(1), Offset(3)});
    CHECK(longer->bytes.size() == 0);
    const auto other = read_after(world, 3, 3);
    REQUIRE(other.has_value());
    CHECK(other->diverging == storage::EpochEnd{LeaderEpoch(1), Offset(3)});
    CHECK(read_after(world, 3, 9).error().code == ErrorCode::offset_out_of_range);
}

TEST_CASE("read: a replica reads up to the log end, a consumer up to the watermark",
          "[partition][read][r9]") {
    World world;
    world.start();
    append(world, {.value = "a"});
    sync(world);
    append(world, {.value = "b"});
    std::optional<std::expected<FetchAnswer, wire::Refusal>> answer;
    const auto scope = GENERATE(OffsetScope::readable, OffsetScope::whole_log);
    world.node->enter([&](PartitionReplica& replica) {
        storage::ReadCursor cursor;
        auto plan = replica.plan_read(
            kNoLeaderEpoch, {.from = Offset(0), .max_bytes = 1000, .scope = scope}, cursor);
        REQUIRE(plan.has_value());
        answer = run(replica, std::move(*plan), Offset(0));
    });
    CHECK((*answer)->high_watermark == Offset(1));
    CHECK((*answer)->next_offset == (scope == OffsetScope::readable ? Offset(1) : Offset(2)));
}

TEST_CASE("read: what becomes readable after the plan is not read by it", "[partition][read][r9]") {
    World world;
    world.start();
    append(world, {.value = "a"});
    sync(world);
    append(world, {.value = "b"});
    std::optional<FetchPlan> plan;
    world.node->enter([&](PartitionReplica& replica) {
        storage::ReadCursor cursor;
        plan = *replica.plan_read(kNoLeaderEpoch, {.from = Offset(0), .max_bytes = 1000}, cursor);
    });
    sync(world);
    CHECK(world.node->high_watermark() == Offset(2));
    CHECK(plan->read.run(storage::ReadMode::blocking)->next_offset == Offset(1));
}

TEST_CASE("read: a plan that has nothing to read leaves the reader's place alone",
          "[partition][read]") {
    World world;
    world.start();
    append(world, {.value = "a"});
    sync(world);
    world.node->enter([&](PartitionReplica& replica) {
        storage::ReadCursor cursor;
        auto first =
            replica.plan_read(kNoLeaderEpoch, {.from = Offset(0), .max_bytes = 1000}, cursor);
        cursor = first->read.run(storage::ReadMode::blocking)->cursor;
        const auto file = cursor.file;
        REQUIRE(file != nullptr);
        const auto second =
            replica.plan_read(kNoLeaderEpoch, {.from = Offset(1), .max_bytes = 1000}, cursor);
        CHECK(second->read.empty());
        CHECK(cursor.file == file);
    });
}

TEST_CASE("read: a plan that fails after the end of the leadership gets the reason of that end",
          "[partition][read]") {
    World world;
    world.start();
    wire::Refusal refusal;
    world.node->enter([&](PartitionReplica& replica) {
        replica.become_offline({ErrorCode::not_leader_or_follower, "broker 2 leads"});
        refusal = replica.report_failed_read({ErrorKind::io, "a bad sector"}, Offset(0));
    });
    CHECK(refusal.code == ErrorCode::not_leader_or_follower);
    CHECK(refusal.message == "broker 2 leads");
}

TEST_CASE("watch: a waiting reader makes the sync urgent, and ends when the watermark moves",
          "[partition][read]") {
    World world;
    world.start();
    const auto answer = world.node->read(0);
    REQUIRE(answer.has_value());
    const auto waiting = world.node->watch(1, answer->seen_bytes);
    world.settle();
    CHECK_FALSE(waiting->ended);
    CHECK(world.node->syncs_asked.empty());
    append(world, {.value = "a"});
    CHECK(world.node->syncs_asked == std::vector{SyncUrgency::waited_for});
    CHECK(waiting->ended);
    CHECK(world.node->values() == Values{"a"});
}

TEST_CASE("watch: a reader that begins to wait after the write makes the sync urgent",
          "[partition][read]") {
    World world;
    world.start();
    append(world, {.value = "a"});
    CHECK(world.node->syncs_asked == std::vector{SyncUrgency::background});
    const auto waiting = world.node->watch(1, world.node->read(0)->seen_bytes);
    world.settle();
    CHECK(world.node->syncs_asked.back() == SyncUrgency::waited_for);
    CHECK(waiting->ended);
}

TEST_CASE("watch: a reader of a memory topic needs no sync", "[partition][read]") {
    World world;
    world.options.durability = Durability::memory;
    world.start();
    const auto waiting = world.node->watch(1, 0);
    append(world, {.value = "a"});
    CHECK(waiting->ended);
    CHECK(world.node->syncs_asked == std::vector{SyncUrgency::background});
}

TEST_CASE("watch: a reader waits until the requested bytes are readable", "[partition][read]") {
    World world;
    world.options.durability = Durability::memory;
    world.start();
    const auto size = make_batch({.value = "a"}).size();
    const auto waiting = world.node->watch(2 * size, 0);
    append(world, {.value = "a"});
    CHECK_FALSE(waiting->ended);
    append(world, {.value = "b"});
    CHECK(waiting->ended);
}

TEST_CASE("watch: a write between read and watch is not missed", "[partition][read]") {
    World world;
    world.options.durability = Durability::memory;
    world.start();
    const auto answer = world.node->read(0);
    append(world, {.value = "a"});
    const auto waiting = world.node->watch(1, answer->seen_bytes);
    world.settle();
    CHECK(waiting->ended);
}

TEST_CASE("watch: a wait for an offline partition ends at once", "[partition][read]") {
    World world;
    world.start();
    world.node->enter([](PartitionReplica& replica) {
        replica.become_offline({ErrorCode::not_leader_or_follower, "broker 2 leads"});
    });
    const auto waiting = world.node->watch(1, 0);
    world.settle();
    CHECK(waiting->ended);
}

TEST_CASE("offsets: latest is the watermark with the leader's epoch, earliest is the log start",
          "[partition][read]") {
    World world;
    world.start();
    append(world, {.records = 3});
    sync(world);
    append(world, {.records = 2});
    CHECK(*list(world, -1) == ListedOffset{Offset(3), kNoTimestamp, LeaderEpoch(1)});
    CHECK(*list(world, -2) == ListedOffset{Offset(0), kNoTimestamp, LeaderEpoch(1)});
    CHECK(*list(world, -4) == ListedOffset{Offset(0), kNoTimestamp, LeaderEpoch(1)});
    world.node->lead(led_by_self(2));
    sync(world);
    CHECK(*list(world, -1) == ListedOffset{Offset(5), kNoTimestamp, LeaderEpoch(2)});
}

TEST_CASE("offsets: without tiered storage the offsets of tiered records are unknown",
          "[partition][read]") {
    World world;
    world.start();
    append(world, {});
    sync(world);
    CHECK(*list(world, -5) == ListedOffset());
    CHECK(*list(world, -6) == ListedOffset());
}

TEST_CASE("offsets: a timestamp finds the first record at or after it, below the watermark",
          "[partition][read]") {
    World world;
    world.start();
    append(world, {.records = 3, .timestamp = Timestamp(1000)});
    world.node->lead(led_by_self(2));
    append(world, {.records = 2, .timestamp = Timestamp(2000)});
    sync(world);
    append(world, {.records = 1, .timestamp = Timestamp(3000)});
    CHECK(*list(world, 0) == ListedOffset{Offset(0), Timestamp(1000), LeaderEpoch(1)});
    CHECK(*list(world, 1001) == ListedOffset{Offset(1), Timestamp(1001), LeaderEpoch(1)});
    CHECK(*list(world, 1003) == ListedOffset{Offset(3), Timestamp(2000), LeaderEpoch(2)});
    CHECK(*list(world, 2002) == ListedOffset());
    CHECK(*list(world, -3) == ListedOffset());
    sync(world);
    CHECK(*list(world, 2002) == ListedOffset{Offset(5), Timestamp(3000), LeaderEpoch(2)});
    CHECK(*list(world, -3) == ListedOffset{Offset(5), Timestamp(3000), LeaderEpoch(2)});
    CHECK(*list(world, 3001) == ListedOffset());
}

TEST_CASE("read: a leader without a session knows the log end only if nobody else can lead",
          "[partition][read]") {
    World world;
    world.start();
    append(world, {.records = 3});
    const bool is_alone = GENERATE(true, false);
    world.node->lead(is_alone ? led_by_self(2) : led_by_self(2, {kSelf, kOther}, {kSelf, kOther}));
    CHECK(world.node->read(4).error().code == ErrorCode::offset_out_of_range);
    world.node->enter([](PartitionReplica& replica) {
        replica.check_isr(
            {.active = {}, .session_end = TimePoint::min(), .session_timeout = kSession});
    });
    CHECK(world.node->read(4).error().code ==
          (is_alone ? ErrorCode::offset_out_of_range : ErrorCode::not_leader_or_follower));
    CHECK(world.node->read(-1).error().code == ErrorCode::offset_out_of_range);
    CHECK(world.node->read(3).has_value());
}

TEST_CASE("read: a leader without a session knows the last epoch only if nobody else can lead",
          "[partition][read][kip-320]") {
    World world;
    world.start();
    const bool is_alone = GENERATE(true, false);
    world.node->lead(is_alone ? led_by_self(2) : led_by_self(2, {kSelf, kOther}, {kSelf, kOther}));
    const auto code_of = [&](int epoch) {
        ErrorCode code = ErrorCode::none;
        world.node->enter([&](PartitionReplica& replica) {
            const auto end = replica.reader(kNoLeaderEpoch)->listed_end_of(LeaderEpoch(epoch));
            code = end ? ErrorCode::none : end.error().code;
        });
        return code;
    };
    CHECK(code_of(3) == ErrorCode::none);
    world.node->enter([](PartitionReplica& replica) {
        replica.check_isr(
            {.active = {}, .session_end = TimePoint::min(), .session_timeout = kSession});
    });
    CHECK(code_of(3) == (is_alone ? ErrorCode::none : ErrorCode::not_leader_or_follower));
    CHECK(code_of(2) == ErrorCode::none);
}

TEST_CASE(
    "offsets: while the watermark is below the start of the epoch, offsets that depend on it are "
    "not available",
    "[partition][read][kip-207]") {
    World world;
    world.start();
    append(world, {.value = "a"});
    sync(world);
    append(world, {.value = "b", .timestamp = Timestamp(2000)});
    world.node->lead(led_by_self(2));
    CHECK(list(world, -1).error().code == ErrorCode::offset_not_available);
    CHECK(list(world, 2000).error().code == ErrorCode::offset_not_available);
    CHECK(list(world, 5000).error().code == ErrorCode::offset_not_available);
    CHECK(list(world, -3).error().code == ErrorCode::offset_not_available);
    CHECK(list(world, -2)->offset == Offset(0));
    CHECK(list(world, 1000)->offset == Offset(0));
    CHECK(list(world, -1).error().message ==
          "the high watermark, 1, has not yet reached the start of leader epoch 2, which is offset "
          "2; try again");
    sync(world);
    CHECK(list(world, -1)->offset == Offset(2));
}

TEST_CASE("offsets: a negative number without a meaning is not a query", "[partition][read]") {
    CHECK_FALSE(offset_query(-7, kAll));
    CHECK(offset_query(-6, kAll)->spec == OffsetSpec::earliest_pending_upload);
    CHECK(offset_query(-1, kAll)->spec == OffsetSpec::latest);
    CHECK(offset_query(0, kAll)->spec == OffsetSpec::at_timestamp);
}

TEST_CASE("epochs: an epoch ends where the next one starts, and the current epoch at the log end",
          "[partition][read][kip-101]") {
    World world;
    world.start();
    append(world, {.records = 3});
    world.node->lead(led_by_self(5));
    CHECK(epoch_end(world, 1) == storage::EpochEnd{LeaderEpoch(1), Offset(3)});
    CHECK(epoch_end(world, 3) == storage::EpochEnd{LeaderEpoch(1), Offset(3)});
    CHECK(epoch_end(world, 5) == storage::EpochEnd{LeaderEpoch(5), Offset(3)});
    append(world, {.records = 2});
    CHECK(epoch_end(world, 1) == storage::EpochEnd{LeaderEpoch(1), Offset(3)});
    CHECK(epoch_end(world, 4) == storage::EpochEnd{LeaderEpoch(1), Offset(3)});
    CHECK(epoch_end(world, 5) == storage::EpochEnd{LeaderEpoch(5), Offset(5)});
    CHECK(epoch_end(world, 6) == storage::EpochEnd());
    CHECK(epoch_end(world, 0) == storage::EpochEnd{LeaderEpoch(0), Offset(0)});
}

TEST_CASE("epochs: in an empty log every epoch up to the current one ends at the log start",
          "[partition][read][kip-101]") {
    World world;
    world.start();
    world.node->lead(led_by_self(5));
    CHECK(epoch_end(world, 5) == storage::EpochEnd{LeaderEpoch(5), Offset(0)});
    CHECK(epoch_end(world, 2) == storage::EpochEnd{LeaderEpoch(2), Offset(0)});
    CHECK(epoch_end(world, 6) == storage::EpochEnd());
}

TEST_CASE("watermark: after a restart it is the checkpointed offset until the replicas report more",
          "[partition][read]") {
    World world;
    world.start();
    append(world, {.value = "a", .records = 3});
    append(world, {.value = "b", .records = 3});
    sync(world);
    const auto reopened = [&](std::int64_t checkpointed) {
        world.disk.process_kill();
        world.node = std::make_unique<Node>(world.scheduler, world.disk, world.options);
        world.node->open(Offset(checkpointed));
        world.node->lead(led_by_self(9, {kSelf, kOther}, {kSelf, kOther}));
        return world.node->high_watermark();
    };
    CHECK(reopened(3) == Offset(3));
    CHECK(world.node->values() == Values{"a", "a", "a"});
    CHECK(list(world, -1).error().code == ErrorCode::offset_not_available);
    CHECK(reopened(99) == Offset(6));
}

TEST_CASE("read: a consumer is told no high watermark before it is current, but a replica is",
          "[partition][read][r7]") {
    World world;
    world.start();
    append(world, {.value = "a", .records = 3});
    append(world, {.value = "b", .records = 3});
    sync(world);
    world.disk.process_kill();
    world.node = std::make_unique<Node>(world.scheduler, world.disk, world.options);
    world.node->open(Offset(3));
    world.node->lead(led_by_self(9, {kSelf, kOther}, {kSelf, kOther}));
    const auto answer = world.node->read(0);
    REQUIRE(answer.has_value());
    CHECK(answer->next_offset == Offset(3));
    CHECK(answer->high_watermark == kNoOffset);
    CHECK(answer->last_stable_offset == kNoOffset);
    const auto waiting = world.node->watch(1, answer->seen_bytes);
    world.node->enter([&](PartitionReplica& replica) {
        const FetchRead read{.from = Offset(6), .max_bytes = 1000, .scope = OffsetScope::whole_log};
        const FollowerFetch fetch{.broker = kOther, .offset = Offset(6), .at = {}};
        storage::ReadCursor cursor;
        const auto before = replica.plan_read(kNoLeaderEpoch, read, cursor);
        REQUIRE(before.has_value());
        CHECK(before->high_watermark == Offset(3));
        REQUIRE(replica.plan_follower_read(fetch, LeaderEpoch(9), read, cursor).has_value());
    });
    world.settle();
    CHECK(waiting->ended);
    CHECK(world.node->read(3)->high_watermark == Offset(6));
    CHECK(world.node->read(6)->last_stable_offset == Offset(6));
}

TEST_CASE(
    "options: when a topic becomes a memory topic, requests that wait for the disk end at once",
    "[partition][append]") {
    World world;
    world.start();
    world.node->committer_works = false;
    const auto produced = world.node->produce({}, Acks::all);
    const auto waiting = world.node->watch(1, 0);
    world.settle();
    CHECK_FALSE(produced->ended);
    PartitionOptions options;
    options.durability = Durability::memory;
    world.node->enter([&](PartitionReplica& replica) {
        replica.set_options(std::make_shared<const PartitionOptions>(options));
    });
    world.settle();
    CHECK(produced->ended);
    CHECK(waiting->ended);
}

}  // namespace
}  // namespace hw::replication
