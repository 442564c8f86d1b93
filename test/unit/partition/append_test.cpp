#include <catch2/catch.hpp>

#include "test/unit/partition/fixture.h"

namespace hw::replication {
namespace {

using storage::SyncUrgency;
using wire::ErrorCode;

PartitionOptions with(Durability durability) {
    PartitionOptions options;
    options.durability = durability;
    return options;
}

TEST_CASE("append: acks=1 is answered when the write has succeeded, not before",
          "[partition][append]") {
    World world;
    world.start();
    const auto produced = world.node->produce({}, Acks::leader);
    CHECK(world.node->log().log_end_offset() == Offset(0));
    CHECK_FALSE(produced->ended);
    world.settle();
    REQUIRE(produced->ended);
    CHECK(produced->code() == ErrorCode::none);
    CHECK(produced->outcome().base_offset == Offset(0));
    CHECK(produced->outcome().log_start_offset == Offset(0));
    CHECK(world.node->log().log_end_offset() == Offset(1));
    CHECK(world.node->log().durable_end_offset() == Offset(0));
}

TEST_CASE("append: acks=all in a disk topic is answered when the batch is durable",
          "[partition][append]") {
    World world;
    world.start();
    world.node->committer_works = false;
    const auto produced = world.node->produce({}, Acks::all);
    world.settle();
    CHECK_FALSE(produced->ended);
    CHECK(world.node->log().log_end_offset() == Offset(1));
    CHECK(world.node->syncs_asked == std::vector{SyncUrgency::waited_for});
    world.node->sync();
    world.settle();
    CHECK(produced->ended);
    CHECK(produced->code() == ErrorCode::none);
    CHECK(world.node->high_watermark() == Offset(1));
}

TEST_CASE("append: acks=all in a memory topic is answered when the batch is written",
          "[partition][append]") {
    World world;
    world.options = with(Durability::memory);
    world.start();
    world.node->committer_works = false;
    const auto produced = world.node->produce({}, Acks::all);
    world.settle();
    CHECK(produced->ended);
    CHECK(world.node->high_watermark() == Offset(1));
    CHECK(world.node->syncs_asked == std::vector{SyncUrgency::background});
}

TEST_CASE("append: a sync is urgent only if a request waits for it", "[partition][append]") {
    World world;
    world.start();
    const auto produced = world.node->produce({}, Acks::leader);
    world.settle();
    CHECK(world.node->syncs_asked == std::vector{SyncUrgency::background});
    const auto second = world.node->produce({}, Acks::leader);
    world.settle();
    CHECK(world.node->syncs_asked.size() == 1);
    const auto third = world.node->produce({}, Acks::all);
    world.settle();
    CHECK(world.node->syncs_asked == std::vector{SyncUrgency::background, SyncUrgency::waited_for});
    CHECK(third->ended);
}

TEST_CASE("append: batches that arrive in one turn are written by one write",
          "[partition][append]") {
    World world;
    world.start();
    const auto before = world.disk.operations();
    const auto first = world.node->produce({.value = "a"}, Acks::leader);
    const auto second = world.node->produce({.value = "b"}, Acks::leader);
    const auto third = world.node->produce({.value = "c", .records = 3}, Acks::leader);
    world.settle();
    CHECK(world.disk.operations() == before + 1);
    CHECK(world.node->flushes_asked == 1);
    CHECK(first->outcome().base_offset == Offset(0));
    CHECK(second->outcome().base_offset == Offset(1));
    CHECK(third->outcome().base_offset == Offset(2));
    CHECK(world.node->log().log_end_offset() == Offset(5));
}

TEST_CASE("append: an append that reaches flush.messages unsynced messages waits for their sync",
          "[partition][append]") {
    World world;
    world.options.flush_messages = 3;
    for (const Durability durability : {Durability::disk, Durability::memory}) {
        world.options.durability = durability;
        world.start();
        world.node->committer_works = false;
        const auto before = world.node->log().log_end_offset();
        const auto first = world.node->produce({.records = 2}, Acks::leader);
        const auto second = world.node->produce({.records = 1}, Acks::leader);
        const auto third = world.node->produce({.records = 1}, Acks::all);
        world.settle();
        CHECK(first->ended);
        CHECK_FALSE(second->ended);
        CHECK_FALSE(third->ended);
        CHECK(world.node->syncs_asked.back() == SyncUrgency::waited_for);
        world.node->sync();
        world.settle();
        CHECK(second->ended);
        CHECK(third->ended);
        CHECK(world.node->log().durable_end_offset() == before + 4);
        world.node.reset();
    }
}

TEST_CASE("append: flush.messages also applies to acks=0, which waits only for the write",
          "[partition][append]") {
    World world;
    world.options.flush_messages = 1;
    world.start();
    world.node->committer_works = false;
    const auto produced = world.node->produce({}, Acks::none);
    world.settle();
    CHECK(produced->ended);
    CHECK(world.node->syncs_asked == std::vector{SyncUrgency::waited_for});
}

TEST_CASE(
    "append: a leader without a session misses batches for certain only if nobody else can "
    "lead",
    "[partition][append]") {
    World world;
    world.start();
    const auto first = world.node->produce({.producer = ProducerId(7)}, Acks::leader);
    world.settle();
    REQUIRE(first->code() == ErrorCode::none);
    const bool is_alone = GENERATE(true, false);
    world.node->lead(is_alone ? led_by_self(2) : led_by_self(2, {kSelf, kOther}, {kSelf, kOther}));
    world.pass(std::chrono::seconds(1));
    const BatchShape later{.producer = ProducerId(7), .sequence = Sequence(5)};
    const auto with_session = world.node->produce(later, Acks::leader);
    world.node->enter([](PartitionReplica& replica) {
        replica.check_isr(
            {.active = {}, .session_end = TimePoint::min(), .session_timeout = kSession});
    });
    const auto without_session = world.node->produce(later, Acks::leader);
    world.settle();
    CHECK(with_session->code() == ErrorCode::out_of_order_sequence_number);
    CHECK(without_session->code() ==
          (is_alone ? ErrorCode::out_of_order_sequence_number : ErrorCode::not_leader_or_follower));
    CHECK(world.node->log().staged_end_offset() == Offset(1));
}

TEST_CASE("append: for a second, a new leader lets a producer send again what comes out of order",
          "[partition][append]") {
    World world;
    world.start();
    const auto first = world.node->produce({.producer = ProducerId(7)}, Acks::leader);
    world.settle();
    REQUIRE(first->code() == ErrorCode::none);
    world.node->lead(led_by_self(2));
    const BatchShape third{.producer = ProducerId(7), .sequence = Sequence(2)};
    world.pass(std::chrono::milliseconds(999));
    const auto early = world.node->produce(third, Acks::leader);
    world.settle();
    CHECK(early->code() == ErrorCode::not_leader_or_follower);
    CHECK(world.node->log().staged_end_offset() == Offset(1));
    world.pass(std::chrono::milliseconds(1));
    const auto late = world.node->produce(third, Acks::leader);
    world.settle();
    CHECK(late->code() == ErrorCode::out_of_order_sequence_number);
    CHECK(world.node->log().staged_end_offset() == Offset(1));
}

TEST_CASE("append: a retry gets the offsets of the first append, and waits for its own acks",
          "[partition][append]") {
    World world;
    world.start();
    world.node->committer_works = false;
    const BatchShape shape{.producer = ProducerId(7)};
    const auto other = world.node->produce({}, Acks::leader);
    const auto first = world.node->produce(shape, Acks::all);
    const auto retry = world.node->produce(shape, Acks::all);
    world.settle();
    const auto late_retry = world.node->produce(shape, Acks::all);
    const auto retry_of_leader = world.node->produce(shape, Acks::leader);
    world.settle();
    CHECK_FALSE(retry->ended);
    CHECK_FALSE(late_retry->ended);
    CHECK(retry_of_leader->ended);
    CHECK(retry_of_leader->outcome().base_offset == Offset(1));
    world.node->sync();
    world.settle();
    for (const auto* produced : {first.get(), retry.get(), late_retry.get()}) {
        REQUIRE(produced->ended);
        CHECK(produced->outcome().base_offset == Offset(1));
    }
    CHECK(world.node->log().log_end_offset() == Offset(2));
}

TEST_CASE("append: with too few replicas in sync acks=all is refused, and nothing is appended",
          "[partition][append][r13]") {
    World world;
    world.options.min_insync_replicas = 2;
    world.start();
    world.node->lead(led_by_self(2, {kSelf, kOther}, {kSelf}));
    const auto all = world.node->produce({}, Acks::all);
    world.settle();
    REQUIRE(all->ended);
    CHECK(all->code() == ErrorCode::not_enough_replicas);
    CHECK(all->outcome().message ==
          "1 of 2 replicas is in sync, but min.insync.replicas requires 2: nothing was appended");
    CHECK(world.node->log().log_end_offset() == Offset(0));
    const auto one = world.node->produce({}, Acks::leader);
    world.settle();
    CHECK(one->code() == ErrorCode::none);
    CHECK(world.node->log().log_end_offset() == Offset(1));
}

TEST_CASE("append: acks=all gets an indefinite error if the ISR becomes too small after the append",
          "[partition][append][r13]") {
    World world;
    world.options.min_insync_replicas = 2;
    world.start();
    world.node->lead(led_by_self(2, {kSelf, kOther}, {kSelf, kOther}));
    const auto produced = world.node->produce({}, Acks::all);
    world.settle();
    PartitionFacts alone = led_by_self(2, {kSelf, kOther}, {kSelf});
    ++alone.partition_epoch;
    world.node->lead(alone);
    world.settle();
    REQUIRE(produced->ended);
    CHECK(produced->code() == ErrorCode::not_enough_replicas_after_append);
    CHECK(produced->outcome().message ==
          "1 of 2 replicas is in sync, but min.insync.replicas requires 2; the records may or may "
          "not be in the log");
    CHECK(world.node->high_watermark() == Offset(0));
}

TEST_CASE(
    "append: acks=all gets an indefinite error if min.insync.replicas is raised above the ISR",
    "[partition][append][r13]") {
    World world;
    world.options.min_insync_replicas = 2;
    world.start();
    world.node->lead(led_by_self(2, {kSelf, kOther, BrokerId(3)}, {kSelf, kOther}));
    const auto produced = world.node->produce({}, Acks::all);
    world.settle();
    CHECK_FALSE(produced->ended);
    PartitionOptions stricter = world.options;
    stricter.min_insync_replicas = 3;
    world.node->enter([stricter](PartitionReplica& replica) {
        replica.set_options(std::make_shared<const PartitionOptions>(stricter));
    });
    world.settle();
    REQUIRE(produced->ended);
    CHECK(produced->code() == ErrorCode::not_enough_replicas_after_append);
}

TEST_CASE("append: after a failed write the outcome is unknown, and later appends are refused",
          "[partition][append][r13]") {
    World world;
    world.start();
    world.disk.faults().write_error_one_in = 1;
    const auto produced = world.node->produce({}, Acks::leader);
    world.settle();
    REQUIRE(produced->ended);
    CHECK(produced->code() == ErrorCode::not_enough_replicas_after_append);
    CHECK(world.node->failures.size() == 1);
    const auto later = world.node->produce({}, Acks::leader);
    world.settle();
    CHECK(later->code() == ErrorCode::kafka_storage_error);
}

TEST_CASE("append: after a failed sync the outcome of waiting appends is unknown",
          "[partition][append][r13]") {
    World world;
    world.start();
    world.disk.faults().sync_error_one_in = 1;
    const auto produced = world.node->produce({}, Acks::all);
    const auto waiting = world.node->watch(1, 0);
    world.settle();
    REQUIRE(produced->ended);
    CHECK(produced->code() == ErrorCode::not_enough_replicas_after_append);
    CHECK(waiting->ended);
    CHECK(world.node->high_watermark() == Offset(0));
    const auto later = world.node->produce({}, Acks::leader);
    world.settle();
    CHECK(later->code() == ErrorCode::kafka_storage_error);
}

TEST_CASE(
    "append: when the directory fails, waiting appends may be in the log and later ones are "
    "refused",
    "[partition][append][r13]") {
    World world;
    world.start();
    world.node->committer_works = false;
    const auto waits = world.node->produce({}, Acks::all);
    world.settle();
    const auto staged = world.node->produce({}, Acks::leader);
    world.node->enter([](PartitionReplica& replica) {
        replica.on_directory_failed({ErrorKind::io, "the disk is gone"});
    });
    const auto later = world.node->produce({}, Acks::leader);
    world.settle();
    CHECK(waits->code() == ErrorCode::not_enough_replicas_after_append);
    CHECK(staged->code() == ErrorCode::not_enough_replicas_after_append);
    CHECK(later->code() == ErrorCode::kafka_storage_error);
    CHECK(later->outcome().message == "the log directory is offline: the disk is gone");
    CHECK(world.node->log().log_end_offset() == Offset(1));
    CHECK(world.node->read(0).error().code == ErrorCode::kafka_storage_error);
}

TEST_CASE("append: waiting requests end when the broker is no longer the leader",
          "[partition][append][r13]") {
    World world;
    world.start();
    world.node->committer_works = false;
    const auto waits = world.node->produce({.value = "a"}, Acks::all);
    world.settle();
    const auto staged = world.node->produce({.value = "b"}, Acks::all);
    const auto reader = world.node->watch(1, 0);
    world.node->enter([](PartitionReplica& replica) {
        replica.become_offline({ErrorCode::not_leader_or_follower, "broker 2 leads"});
    });
    const auto later = world.node->produce({.value = "c"}, Acks::leader);
    world.settle();
    CHECK(waits->code() == ErrorCode::not_leader_or_follower);
    CHECK(staged->code() == ErrorCode::not_leader_or_follower);
    CHECK(reader->ended);
    CHECK(later->code() == ErrorCode::not_leader_or_follower);
    CHECK(later->outcome().message == "broker 2 leads");
    CHECK(world.node->log().log_end_offset() == Offset(2));
}

TEST_CASE("append: appends keep waiting when the same broker leads the next epoch",
          "[partition][append]") {
    World world;
    world.disk.faults().late_write_one_in = 1;
    world.start();
    const auto before = world.node->produce({}, Acks::all);
    world.node->lead(led_by_self(2));
    const auto after = world.node->produce({}, Acks::all);
    world.settle();
    CHECK(before->code() == ErrorCode::none);
    CHECK(after->code() == ErrorCode::none);
    CHECK(world.node->replica().leader()->epoch_start_offset() == Offset(1));
    CHECK(
        world.node->log().epochs().entries() ==
        std::vector<storage::EpochStart>{{LeaderEpoch(1), Offset(0)}, {LeaderEpoch(2), Offset(1)}});
}

TEST_CASE("append: metadata of an older epoch is ignored", "[partition][append]") {
    World world;
    world.start();
    world.node->lead(led_by_self(5));
    world.node->lead(led_by_self(4, {kSelf, kOther}, {kSelf, kOther}));
    CHECK(world.node->replica().leader()->epoch() == LeaderEpoch(5));
    CHECK(world.node->replica().leader()->facts().isr.size() == 1);
}

TEST_CASE("append: an append beyond the limit of waiting appends is refused",
          "[partition][append]") {
    World world;
    world.start();
    world.node->committer_works = false;
    std::vector<std::unique_ptr<Produced>> requests;
    for (std::size_t i = 0; i < WaitQueue::kMaxAppends; ++i) {
        requests.push_back(world.node->produce({}, Acks::all));
    }
    world.settle();
    const auto refused = world.node->produce({}, Acks::all);
    const auto unaffected = world.node->produce({}, Acks::leader);
    world.settle();
    CHECK(unaffected->code() == ErrorCode::none);
    CHECK(refused->code() == ErrorCode::not_enough_replicas);
    CHECK(refused->outcome().message ==
          "16384 appends to the partition are waiting for the disk or for replicas, which is the "
          "limit: nothing was appended");
    requests.pop_back();
    const auto accepted = world.node->produce({}, Acks::all);
    world.settle();
    CHECK(accepted->code() != ErrorCode::not_enough_replicas);
}

TEST_CASE("append: appends that wait for flush.messages count towards the limit",
          "[partition][append]") {
    World world;
    world.options.flush_messages = 1;
    world.start();
    world.node->committer_works = false;
    std::vector<std::unique_ptr<Produced>> requests;
    for (std::size_t i = 0; i < WaitQueue::kMaxAppends; ++i) {
        requests.push_back(world.node->produce({}, Acks::leader));
    }
    world.settle();
    const auto refused = world.node->produce({}, Acks::leader);
    world.settle();
    CHECK(refused->code() == ErrorCode::not_enough_replicas);
}

TEST_CASE("append: the bytes of a request live until they are written, even if the request ends",
          "[partition][append]") {
    World world;
    world.disk.faults().late_write_one_in = 1;
    world.start();
    world.node->produce({.value = "kept"}, Acks::all).reset();
    world.settle();
    world.node->sync();
    world.settle();
    CHECK(world.node->values() == std::vector<std::string>{"kept"});
}

TEST_CASE("append: the bytes of an ended request are freed on its shard, not inside the partition",
          "[partition][append]") {
    World world;
    world.disk.faults().late_write_one_in = 1;
    world.start();
    auto produced = world.node->produce({}, Acks::all);
    const auto bytes = produced->bytes;
    produced.reset();
    while (world.node->log().log_end_offset() == Offset(0)) {
        REQUIRE(world.scheduler.step());
    }
    CHECK_FALSE(bytes.expired());
    world.settle();
    CHECK(bytes.expired());
}

TEST_CASE("append: a batch that is written during a sync is synced by the next one",
          "[partition][append]") {
    World world;
    world.start();
    const auto first = world.node->produce({.value = "a"}, Acks::leader);
    world.settle();
    world.node->sync();
    const auto second = world.node->produce({.value = "b"}, Acks::all);
    world.settle();
    CHECK(second->ended);
    CHECK(world.node->high_watermark() == Offset(2));
}

TEST_CASE("append: a released log has the batches that were staged before", "[partition][append]") {
    World world;
    world.start();
    const auto staged = world.node->produce({.value = "a"}, Acks::leader);
    std::unique_ptr<storage::Log> released;
    world.node->enter([&](PartitionReplica& replica) {
        replica.become_offline({ErrorCode::unknown_topic_or_partition, "the topic is deleted"});
        released = replica.release_log();
    });
    world.settle();
    CHECK(released->log_end_offset() == Offset(1));
    REQUIRE(staged->ended);
    CHECK(staged->code() == ErrorCode::none);
    CHECK(world.node->read(0).error().code == ErrorCode::unknown_topic_or_partition);
}

/// A replica that is new: it has neither a log nor a role.
struct Opening : World {
    Opening() { node = std::make_unique<Node>(scheduler, disk, options, mutants, policy); }
    void pass(Duration time) {
        World::pass(time);
        node->enter([](PartitionReplica& replica) { replica.refuse_early_appends(); });
        settle();
    }
};

TEST_CASE("append: batches that come before the log are appended in order when the replica leads",
          "[partition][append]") {
    Opening world;
    const auto first = world.node->produce({.value = "first"}, Acks::leader);
    const auto second = world.node->produce({.value = "second"});
    world.settle();
    CHECK_FALSE(first->ended);
    world.node->open(Offset(0));
    world.settle();
    CHECK_FALSE(first->ended);
    world.node->lead(led_by_self(1));
    world.settle();
    CHECK(first->code() == ErrorCode::none);
    CHECK(second->code() == ErrorCode::none);
    CHECK(world.node->values() == std::vector<std::string>{"first", "second"});
}

TEST_CASE(
    "append: batches that come before the log are refused when another broker leads, or when "
    "there will be no log",
    "[partition][append]") {
    const bool is_follower = GENERATE(true, false);
    Opening world;
    const auto early = world.node->produce({}, Acks::leader);
    world.settle();
    if (is_follower) {
        world.node->open(Offset(0));
        world.node->enter([](PartitionReplica& replica) {
            replica.become_follower(led_by_self(1, {kOther, kSelf}, {kOther}), kOther);
        });
    } else {
        world.node->enter([](PartitionReplica& replica) {
            replica.become_offline({ErrorCode::kafka_storage_error, "the disk is full"});
        });
    }
    world.settle();
    REQUIRE(early->ended);
    CHECK(early->code() ==
          (is_follower ? ErrorCode::not_leader_or_follower : ErrorCode::kafka_storage_error));
}

TEST_CASE("append: a batch waits at most 200 ms for the log, and at most 1,024 wait",
          "[partition][append]") {
    Opening world;
    std::vector<std::unique_ptr<Produced>> waiting;
    for (std::size_t i = 0; i < EarlyAppends::kMax; ++i) {
        waiting.push_back(world.node->produce({}, Acks::leader));
    }
    world.settle();
    const auto beyond = world.node->produce({}, Acks::leader);
    world.settle();
    REQUIRE(beyond->ended);
    CHECK(beyond->code() == ErrorCode::not_leader_or_follower);
    world.pass(EarlyAppends::kMaxWait - std::chrono::milliseconds(1));
    CHECK_FALSE(waiting.front()->ended);
    world.pass(std::chrono::milliseconds(1));
    for (const auto& each : waiting) {
        REQUIRE(each->ended);
        CHECK(each->code() == ErrorCode::not_leader_or_follower);
    }
}

}  // namespace
}  // namespace hw::replication
