#include "test/unit/partition/fixture.h"

#include <utility>

#include <catch2/catch.hpp>

#include "protocol/record/batch_builder.h"
#include "protocol/record/batch_cursor.h"
#include "protocol/record/record.h"
#include "storage/log_loader.h"

namespace hw::replication {

using storage::SyncUrgency;
namespace {

constexpr const char* kFolder = "/data/t-0";
constexpr sim::NodeTag kNode = 1;

class NoLines final : public LogSink {
public:
    void write(LogLevel /*level*/, std::string_view /*component*/,
               std::string_view /*line*/) override {}
    [[nodiscard]] bool enabled(LogLevel /*level*/) const override { return false; }
};

NoLines no_lines;

/// Values of the records from `from` on, in uncompressed batches.
std::vector<std::string> values_of(ByteView batches, Offset from) {
    std::vector<std::string> values;
    record::BatchCursor walk(batches);
    while (const auto batch = walk.next()) {
        CHECK(batch->crc_matches());
        record::RecordCursor records(*batch, batch->records());
        while (const auto record = records.next()) {
            if (record->offset >= from) {
                values.emplace_back(as_text(*record->value));
            }
        }
    }
    return values;
}

}  // namespace

Buffer make_batch(const BatchShape& shape) {
    record::BatchOptions options;
    if (shape.producer != kNoProducerId) {
        options.producer_id = shape.producer;
        options.producer_epoch = ProducerEpoch(0);
        options.base_sequence = shape.sequence;
    }
    record::BatchBuilder builder(options);
    for (int i = 0; i < shape.records; ++i) {
        builder.add({{}, as_bytes(shape.value), {}, shape.timestamp + i});
    }
    record::Compressor compressor;
    auto batch = builder.finish(compressor);
    REQUIRE(batch.has_value());
    return std::move(*batch);
}

Node::Node(sim::Scheduler& scheduler, sim::SimDisk& disk, PartitionOptions options, Mutants mutants,
           broker::DeferPolicy* policy)
    : shard(scheduler, kNode, 0), disk_(&disk), clock_(scheduler) {
    ReplicaContext context{.self = kSelf,
                           .host = this,
                           .clock = &clock_,
                           .options = std::make_shared<const PartitionOptions>(options),
                           .lag = {},
                           .mutants = mutants.leader,
                           .follower_mutants = {}};
    guard_ =
        std::make_shared<broker::Guarded<PartitionReplica>>(clock_, policy, std::move(context));
}

Node::~Node() {
    kill();
}

void Node::kill() {
    shard.drop();
    guard_.reset();
}

void Node::open(Offset high_watermark, const Mutants& mutants) {
    const Logger logger(no_lines, "test");
    auto contents = storage::load_log(
        {disk_, kFolder, {}, storage::Shutdown::unclean, Offset(0), Offset(0), logger});
    INFO((contents ? "" : contents.error().message));
    REQUIRE(contents.has_value());
    storage::LogContext context{disk_, logger, {}, {}, {}, mutants.log};
    context.enter = [this](std::move_only_function<void()> work) {
        enter([work = std::move(work)](PartitionReplica&) mutable { work(); });
    };
    context.on_failure = [this](const Error& error) { failures.push_back(error.message); };
    auto log = std::make_unique<storage::Log>(std::move(context), std::move(*contents));
    enter([&](PartitionReplica& replica) {
        replica_ = &replica;
        replica.open(std::move(log), high_watermark);
    });
    settle([this] { return replica_ != nullptr && replica_->log() != nullptr; });
}

void Node::require_entered(bool entered) {
    REQUIRE(entered);
}

void Node::settle(const std::function<bool()>& done) {
    while (!done() && shard.scheduler().step()) {
    }
    REQUIRE(done());
}

void Node::lead(const PartitionFacts& facts) {
    bool leads = false;
    enter([&](PartitionReplica& replica) {
        replica.become_leader(facts);
        leads = true;
    });
    settle([&] { return leads; });
}

std::unique_ptr<Produced> Node::produce(const BatchShape& shape, Acks acks) {
    auto produced = std::make_unique<Produced>();
    produced->value = shape.value;
    const auto bytes = std::make_shared<Buffer>(make_batch(shape));
    produced->bytes = bytes;
    produced->wait =
        DelayedProduce::begin(shard, 1, bytes, [ended = &produced->ended] { *ended = true; });
    AppendRequest append{bytes->bytes(), {}, acks, produced->wait->slot(0)};
    enter([append = std::move(append)](PartitionReplica& replica) mutable {
        replica.append(std::move(append));
    });
    return produced;
}

std::unique_ptr<Waiting> Node::watch(std::uint64_t missing, std::uint64_t seen_bytes) {
    auto waiting = std::make_unique<Waiting>();
    waiting->wait =
        DelayedFetch::begin(shard, missing, [ended = &waiting->ended] { *ended = true; });
    FetchWatch watch{
        .wait = waiting->wait->reference(), .seen_bytes = seen_bytes, .max_bytes = UINT64_MAX};
    enter([watch](PartitionReplica& replica) mutable {
        storage::ReadCursor cursor;
        const auto read = replica.plan_read(kNoLeaderEpoch,
                                            {.from = Offset(0),
                                             .first_batch = storage::FirstBatch::within_limit,
                                             .at_any_replica = true},
                                            cursor);
        watch.leader_epoch = read ? read->leader_epoch : kNoLeaderEpoch;
        replica.watch(watch);
    });
    return waiting;
}

std::expected<FetchAnswer, wire::Refusal> run(PartitionReplica& replica, FetchPlan plan,
                                              Offset from) {
    FetchAnswer answer;
    answer.next_offset = from;
    if (!plan.read.empty()) {
        auto found = plan.read.run(storage::ReadMode::cached);
        if (!found && found.error().kind == ErrorKind::would_block) {
            found = plan.read.run(storage::ReadMode::blocking);
        }
        if (!found) {
            return std::unexpected(replica.report_failed_read(found.error(), from));
        }
        answer.bytes = std::move(found->bytes);
        answer.next_offset = found->next_offset;
    }
    static_cast<FetchPlan&>(answer) = std::move(plan);
    return answer;
}

std::expected<FetchAnswer, wire::Refusal> Node::read(std::int64_t from, LeaderEpoch epoch) {
    std::optional<std::expected<FetchAnswer, wire::Refusal>> answer;
    enter([&](PartitionReplica& replica) {
        storage::ReadCursor cursor;
        auto plan = replica.plan_read(epoch, {.from = Offset(from), .max_bytes = 1 << 20}, cursor);
        answer =
            plan ? run(replica, std::move(*plan), Offset(from)) : std::unexpected(plan.error());
    });
    settle([&] { return answer.has_value(); });
    return std::move(*answer);
}

std::vector<std::string> Node::values(std::int64_t from) {
    std::vector<std::string> values;
    while (true) {
        const auto answer = read(from);
        INFO((answer ? "" : answer.error().message));
        REQUIRE(answer.has_value());
        for (std::string& value : values_of(answer->bytes.view(), Offset(from))) {
            values.push_back(std::move(value));
        }
        if (answer->next_offset == Offset(from)) {
            return values;
        }
        from = answer->next_offset.value();
    }
}

void Node::ask_flush() {
    ++flushes_asked;
    shard.at_end_of_turn(TurnStep::apply, *this);
}

void Node::at_end_of_turn() {
    enter([](PartitionReplica& replica) { replica.flush(); });
}

void Node::ask_sync(storage::SyncUrgency urgency, std::uint64_t /*unsynced_bytes*/) {
    syncs_asked.push_back(urgency);
    if (urgency == SyncUrgency::waited_for && committer_works) {
        shard.post([this] { sync(); });
    }
}

void Node::sync() {
    enter([this](PartitionReplica& replica) {
        auto job = replica.begin_sync();
        if (!job) {
            return;
        }
        struct Sync {
            storage::SyncJob job;
            Result<void> outcome;
        };
        const auto sync = std::make_shared<Sync>(Sync{std::move(*job), {}});
        disk_->run_blocking(
            "/data", shard, [sync] { sync->outcome = sync->job.run(); },
            [this, sync](storage::BlockingEnd) {
                enter([sync](PartitionReplica& inside) {
                    inside.on_synced(sync->job.ticket, sync->outcome);
                });
                if (sync->job.snapshot) {
                    write_snapshot(std::move(*sync->job.snapshot));
                }
            });
    });
}

void Node::write_snapshot(storage::SnapshotJob job) {
    struct Writing {
        storage::SnapshotJob job;
        Result<void> outcome;
    };
    const auto writing = std::make_shared<Writing>(Writing{std::move(job), {}});
    disk_->run_blocking(
        "/data", shard, [writing] { writing->outcome = writing->job.run(); },
        [this, writing](storage::BlockingEnd) {
            enter([writing](PartitionReplica& inside) {
                inside.on_snapshot_written(writing->job, writing->outcome);
            });
        });
}

World::World(std::uint64_t seed) : scheduler(seed), disk(scheduler, kNode) {
    REQUIRE(disk.make_directories(kFolder).has_value());
    REQUIRE(disk.sync_directory("/").has_value());
    REQUIRE(disk.sync_directory("/data").has_value());
}

void World::start() {
    node = std::make_unique<Node>(scheduler, disk, options, mutants, policy);
    node->open(Offset(0), mutants);
    node->lead(led_by_self(++epoch));
}

void World::settle() {
    while (scheduler.step()) {
    }
}

void World::pass(Duration time) {
    const TimePoint end = scheduler.now() + time;
    scheduler.park(1, [] {}, end);
    static_cast<void>(scheduler.run_until([&] { return scheduler.now() >= end; }, kNever));
    settle();
}

void World::restart() {
    disk.process_kill();
    node.reset();
    start();
}

void World::lose_power() {
    disk.power_loss();
    node.reset();
    start();
}

}  // namespace hw::replication
