#pragma once

#include <optional>

#include "storage/log_folder.h"
#include "storage/log_manager.h"
#include "storage/quorum_state_file.h"
#include "storage/small_file.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_shard.h"
#include "test/unit/storage/log_fixture.h"

namespace hw::storage {

inline const TopicPartition kName{"t", PartitionIndex(0)};
inline constexpr const char* kMetadataTopic = "meta";
inline constexpr std::size_t kMaxLogs = 2;

/// The owner of one log. It has no guard, because the simulator runs on one thread.
class TestOwner final : public LogOwner {
public:
    explicit TestOwner(Log& log) : log_(&log) {}

    void begin_sync(TakeJob take) override {
        ++syncs_begun;
        take(log_->begin_sync());
    }
    void end_sync(const SyncTicket& ticket, const Result<void>& outcome) override {
        if (log_ != nullptr) {
            log_->on_synced(ticket, outcome);
        }
        ++syncs;
    }
    void end_snapshot(SnapshotJob job, const Result<void>& outcome) override {
        if (log_ != nullptr) {
            log_->on_snapshot_written(job, outcome);
        }
        ++snapshots;
    }
    void on_offline(const Error& reason) override { log_->go_offline(reason); }

    void release() { log_ = nullptr; }

    int syncs_begun = 0;
    int syncs = 0;
    int snapshots = 0;

private:
    Log* log_;
};

/// One node with a log manager over a simulated disk.
class Node {
public:
    Node(sim::Scheduler& world, sim::SimDisk& its_disk)
        : scheduler(world),
          disk(its_disk),
          clock(world),
          entropy(world.random()),
          shard(world, 1, 0),
          manager(its_disk, shard, clock, entropy, Logger(sink, "storage")) {}

    template <class T>
    static Task<> deliver(Task<T> task, std::optional<T>& result) {
        T value = co_await std::move(task);
        result.emplace(std::move(value));
    }
    template <class T>
    T run(Task<T> task) {
        std::optional<T> result;
        shard.spawn(deliver(std::move(task), result));
        const auto limit = scheduler.now() + std::chrono::minutes(1);
        REQUIRE(scheduler.run_until([&] { return result.has_value(); }, limit));
        return std::move(*result);
    }

    Result<OpenedLogs> open(std::vector<std::string> directories = {"/data"},
                            std::string cluster = "c", int node = 1) {
        ManagerSettings settings{std::move(directories),
                                 std::move(cluster),
                                 BrokerId(node),
                                 kMetadataTopic,
                                 kMaxLogs,
                                 [](const std::string&) { return LogOptions{}; },
                                 needed};
        return run(manager.open(std::move(settings)));
    }

    /// Makes `log` and its owner from an opened log.
    void take(OpenedLog opened) {
        directory = opened.directory;
        LogContext context{&disk, Logger(sink, "storage"), options, {}, {}, {}};
        context.enter = [](std::move_only_function<void()> work) { work(); };
        context.on_failure = [target = directory](const Error& error) {
            target->report_failure(error);
        };
        log = std::make_unique<Log>(std::move(context), std::move(opened.contents));
        owner = std::make_shared<TestOwner>(*log);
        id = directory->add(opened.name, owner, log->durable_end_offset());
    }

    void create() {
        auto made = run(manager.create(*manager.directories()[0], kName, TopicId(Uuid{1, 2})));
        REQUIRE(made.has_value());
        take(std::move(*made));
    }

    void append(SyncUrgency urgency, const BatchShape& shape = {}) {
        batches.push_back(make_batch(shape));
        REQUIRE(log->stage({batches.back().bytes(), LeaderEpoch(0), {}}).has_value());
        log->write_staged([](const Result<void>&) {});
        directory->request_sync(id, urgency, log->unsynced_bytes());
    }

    /// Runs the simulation for `time`.
    void pass(Duration time) {
        const TimePoint end = scheduler.now() + time;
        scheduler.park(1, [] {}, end);
        static_cast<void>(scheduler.run_until([&] { return scheduler.now() >= end; }, kNever));
    }

    sim::Scheduler& scheduler;
    sim::SimDisk& disk;
    std::vector<std::string> needed;  ///< directories without which it cannot start
    sim::SimClock clock;
    sim::SimEntropy entropy;
    LinesKept sink;
    sim::SimShard shard;
    LogManager manager;
    std::vector<Buffer> batches;
    LogOptions options;
    std::unique_ptr<Log> log;
    std::shared_ptr<TestOwner> owner;
    LogId id;
    LogDirectory* directory = nullptr;
};

struct World {
    explicit World(std::uint64_t seed = 1) : scheduler(seed), disk(scheduler, 1) {}

    void power_loss() {
        node.reset();
        disk.power_loss();
    }
    Node& start() {
        node.emplace(scheduler, disk);
        return *node;
    }

    sim::Scheduler scheduler;
    sim::SimDisk disk;
    std::optional<Node> node;
};

}  // namespace hw::storage
