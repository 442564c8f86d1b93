#include "broker/coordinator/runtime/coordinator_loader.h"

#include <chrono>
#include <utility>

#include "broker/net/long_loop.h"
#include "broker/replicas/guard_visit.h"
#include "protocol/record/batch_cursor.h"
#include "protocol/record/decompressor.h"

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

/// Applies the batches that one read has found, some records a turn.
class Replay {
public:
    Replay(Shard& shard, CoordinatorMachine& machine) : shard_(shard), machine_(machine) {}

    [[nodiscard]] Task<Result<void>> apply(ByteView bytes) {
        record::BatchCursor batches(bytes);
        while (const auto batch = batches.next()) {
            if (auto applied = co_await apply(*batch); !applied) {
                co_return fail(applied.error().kind, "the batch at offset {}: {}",
                               batch->base_offset(), applied.error().message);
            }
        }
        co_return batches.status();
    }
    [[nodiscard]] std::uint64_t records() const { return records_; }

private:
    [[nodiscard]] Task<Result<void>> apply(const record::BatchView& batch) {
        if (batch.is_control()) {
            co_return Result<void>();
        }
        Buffer decompressed;
        ByteView bytes = batch.records();
        if (const auto codec = batch.codec(); codec != record::Codec::none) {
            if (!codec) {
                co_return fail(ErrorKind::unsupported, "unknown codec {}", batch.codec_number());
            }
            auto outcome = decompressor_.decompress(*codec, bytes);
            if (!outcome) {
                co_return std::unexpected(outcome.error());
            }
            decompressed = std::move(*outcome);
            bytes = decompressed.view();
        }
        record::RecordCursor cursor(batch, bytes);
        while (const auto record = cursor.next()) {
            if (record->key) {
                if (auto applied = machine_.apply(*record->key, record->value); !applied) {
                    co_return applied;
                }
            }
            ++records_;
            if (loop_.is_over()) {
                co_await let_others_run(shard_);
            }
        }
        co_return cursor.status();
    }

    Shard& shard_;
    CoordinatorMachine& machine_;
    record::Decompressor decompressor_;
    LongLoop loop_;
    std::uint64_t records_ = 0;
};

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
    Replay replay(control_, *machine);
    storage::ReadCursor cursor;
    GuardVisit visit(control_);
    Plan plan;
    TimePoint told = clock_.now();
    for (Offset next{0}; next < job.load.end;) {
        const auto read = [&](const replication::PartitionReplica& inside) {
            plan = plan_read(inside, next, job.load.end, cursor);
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
        auto found = co_await replica->read_blocking<storage::ReadAnswer>(
            control_,
            [plan = std::move(*plan)]() mutable { return plan.run(storage::ReadMode::blocking); });
        if (!found) {
            co_return std::unexpected(found.error());
        }
        if (auto applied = co_await replay.apply(found->bytes.view()); !applied) {
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
