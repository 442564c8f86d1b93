#include "broker/coordinator/runtime/coordinator_loader.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/coordinator/runtime/log_replay.h"
#include "broker/replicas/guard_visit.h"

namespace hw::broker {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
/// A load that takes longer is told in the log, again and again after as long.
constexpr Duration kTellAfter = std::chrono::seconds(2);
/// Pause before the end of the log is looked for again, which is still being written.
constexpr Duration kPause = std::chrono::milliseconds(1);

using Plan = std::expected<storage::ReadPlan, wire::Refusal>;

/// Plans the read of the batches from `from` on, which is at least the start of the log.
Plan plan_read(const replication::PartitionReplica& replica, Offset& from, Offset end,
               storage::ReadCursor& cursor) {
    const storage::Log* log = replica.log();
    if (log == nullptr || !replica.leads()) {
        return std::unexpected(
            wire::Refusal{wire::ErrorCode::not_leader_or_follower, "this broker does not lead it"});
    }
    from = std::max(from, log->log_start_offset());
    if (from >= end) {
        return storage::ReadPlan();
    }
    return log->plan_read({.from = from,
                           .end_offset = end,
                           .max_bytes = kReadBytes,
                           .first_batch = storage::FirstBatch::always_whole},
                          cursor);
}

}  // namespace

void CoordinatorLoader::begin(Job job) {
    control_.post([this, job = std::move(job)]() mutable {
        if (!stopping_) {
            tasks_.spawn(run(std::move(job)));
        }
    });
}

Task<> CoordinatorLoader::stop() {
    stopping_ = true;
    co_await tasks_.wait_idle();
}

Task<> CoordinatorLoader::run(Job job) {
    const std::shared_ptr<HostedReplica> replica = job.replica.lock();
    if (replica == nullptr) {
        co_return;
    }
    auto loaded = co_await load(replica, job);
    if (stopping_) {
        co_return;
    }
    replica->enter_unrefused(control_, [coordinator = job.coordinator.lock(), load = job.load,
                                        loaded = std::move(loaded)](auto&, Shard&) mutable {
        if (coordinator != nullptr) {
            coordinator->finish_load(load, std::move(loaded));
        }
    });
}

Task<CoordinatorLoader::Loaded> CoordinatorLoader::load(
    const std::shared_ptr<HostedReplica>& replica, const Job& job) {
    auto machine = job.make();
    LogReplay replay(control_, *machine);
    storage::ReadCursor cursor;
    GuardVisit visit(control_);
    Plan plan;
    TimePoint told = clock_.now();
    for (Offset next{0}; next < job.load.end;) {
        const auto read = [&](const replication::PartitionReplica& inside) {
            const auto coordinator = job.coordinator.lock();
            if (coordinator != nullptr && coordinator->wants(job.load)) {
                plan = plan_read(inside, next, job.load.end, cursor);
            } else {
                plan = std::unexpected(wire::Refusal{wire::ErrorCode::not_leader_or_follower,
                                                     "the load is not needed any more"});
            }
        };
        while (!visit.begin(*replica, read)) {
            co_await wait_for_room(control_, clock_);
        }
        co_await visit.wait();
        if (!plan || stopping_) {
            co_return fail(ErrorKind::busy, "{}", plan ? "stopping" : plan.error().message);
        }
        if (plan->empty()) {
            Signal nobody;
            co_await control_.wait(nobody, clock_.now() + kPause);
            continue;
        }
        auto run = [plan = std::move(*plan)]() mutable {
            return plan.run(storage::ReadMode::blocking);
        };
        auto found = co_await replica->read_blocking<storage::ReadAnswer>(control_, std::move(run));
        if (!found) {
            co_return std::unexpected(found.error());
        }
        const auto applied = co_await replay.apply(found->bytes.view());
        if (!applied) {
            co_return std::unexpected(applied.error());
        }
        if (found->next_offset <= next) {
            co_return fail(ErrorKind::corrupt, "there is no whole batch at offset {}", next);
        }
        next = found->next_offset;
        cursor = std::move(found->cursor);
        if (clock_.now() - told > kTellAfter) {
            told = clock_.now();
            log_.info("loading the coordinator of {}: {} records so far, at offset {} of {}",
                      job.name, replay.records(), next, job.load.end);
        }
    }
    co_return std::move(machine);
}

}  // namespace hw::broker
