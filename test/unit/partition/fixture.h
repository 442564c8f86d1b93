#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/runtime/guarded.h"
#include "protocol/base/logger.h"
#include "replication/partition/partition_replica.h"
#include "replication/partition/wait_timers.h"
#include "test/sim/sim_clock.h"
#include "test/sim/sim_disk.h"
#include "test/sim/sim_shard.h"
#include "test/support/mutants.h"

namespace hw::replication {

inline constexpr BrokerId kSelf{1};
inline constexpr BrokerId kOther{2};

/// Contents of a test batch.
struct BatchShape {
    std::string value = "v";
    int records = 1;
    Timestamp timestamp{1000};  ///< of the first record; each next one is 1 ms later
    ProducerId producer = kNoProducerId;
    Sequence sequence{0};
};

[[nodiscard]] Buffer make_batch(const BatchShape& shape);

[[nodiscard]] inline PartitionFacts led_by_self(int epoch, std::vector<BrokerId> replicas = {kSelf},
                                                std::vector<BrokerId> isr = {kSelf}) {
    return {LeaderEpoch(epoch), PartitionEpoch(epoch), std::move(replicas), std::move(isr)};
}

/// A Produce request to one partition, as its handler keeps it.
struct Produced {
    [[nodiscard]] ProduceOutcome outcome() const { return wait->outcome(0); }
    [[nodiscard]] wire::ErrorCode code() const { return outcome().code; }

    std::string value;
    std::weak_ptr<const void> bytes;  ///< of the request
    bool ended = false;
    WaitHandle<DelayedProduce> wait;
};

/// What a reader gets.
struct FetchAnswer : FetchPlan {
    Buffer bytes;
    Offset next_offset;
};

/// Runs a plan as a broker does: from memory, then where it may block.
[[nodiscard]] std::expected<FetchAnswer, wire::Refusal> run(PartitionReplica& replica,
                                                            FetchPlan plan, Offset from);

/// A Fetch request that waits.
struct Waiting {
    bool ended = false;
    WaitHandle<DelayedFetch> wait;
};

/// One partition inside its guard, with a log in `/data/t-0` of a simulated disk, and the parts of
/// a broker that it needs: a hook at the end of the turn, and a committer. The committer syncs at
/// once if a request waits, otherwise only when the test calls `sync`.
class Node final : public ReplicaHost, public TurnHook {
public:
    Node(sim::Scheduler& scheduler, sim::SimDisk& disk, PartitionOptions options,
         Mutants mutants = {}, broker::DeferPolicy* policy = nullptr);
    ~Node() override;

    /// Opens the log, with the high watermark that was checkpointed.
    void open(Offset high_watermark, const Mutants& mutants = {});
    /// Ends the process, and with it all unfinished work.
    void kill();

    template <class Function>
    void enter(Function work) {
        auto inside = [work = std::move(work)](PartitionReplica& replica, Shard&) mutable {
            work(replica);
        };
        require_entered(guard_->enter(shard, std::move(inside)));
    }
    /// Sends one batch. The answer comes later.
    std::unique_ptr<Produced> produce(const BatchShape& shape, Acks acks = Acks::all);
    /// Waits for `missing` bytes more than `seen_bytes`.
    std::unique_ptr<Waiting> watch(std::uint64_t missing, std::uint64_t seen_bytes);
    /// A consumer's read.
    [[nodiscard]] std::expected<FetchAnswer, wire::Refusal> read(
        std::int64_t from, LeaderEpoch epoch = kNoLeaderEpoch);
    /// The values of the records that a consumer reads from `from` on.
    [[nodiscard]] std::vector<std::string> values(std::int64_t from = 0);
    void lead(const PartitionFacts& facts);
    /// Starts a sync now, as the committer does from time to time.
    void sync();

    [[nodiscard]] Offset high_watermark() const { return replica_->high_watermark(); }
    [[nodiscard]] const storage::Log& log() const { return *replica_->log(); }
    [[nodiscard]] PartitionReplica& replica() { return *replica_; }

    void ask_flush() override;
    void ask_sync(storage::SyncUrgency urgency, std::uint64_t unsynced_bytes) override;
    void ask_fetch(BrokerId /*leader*/) override { ++fetches_asked; }
    void ask_truncation(storage::TruncationJob job, bool loses_committed) override {
        truncations.push_back({std::move(job), loses_committed});
    }
    void ask_isr(IsrProposal proposal) override { proposals.push_back(std::move(proposal)); }
    void at_end_of_turn() override;

    struct Truncation {
        storage::TruncationJob job;
        bool loses_committed = false;
    };

    sim::SimShard shard;
    std::vector<storage::SyncUrgency> syncs_asked;
    int flushes_asked = 0;
    int fetches_asked = 0;
    std::vector<Truncation> truncations;  ///< jobs that wait to be run
    std::vector<IsrProposal> proposals;
    bool committer_works = true;
    std::vector<std::string> failures;  ///< of writes, as the log reports them

private:
    void settle(const std::function<bool()>& done);
    void write_snapshot(storage::SnapshotJob job);
    static void require_entered(bool entered);

    sim::SimDisk* disk_;
    sim::SimClock clock_;
    std::shared_ptr<broker::Guarded<PartitionReplica>> guard_;
    PartitionReplica* replica_ = nullptr;
};

inline constexpr Duration kSession = std::chrono::seconds(3);

/// A scheduler, a disk and one node, with options that tests change before `start`.
struct World {
    explicit World(std::uint64_t seed = 1);

    void start();
    void settle();
    void pass(Duration time);
    /// Kills the process and starts it again on the same disk.
    void restart();
    /// The same after a power loss, which may lose what was not synced.
    void lose_power();

    sim::Scheduler scheduler;
    sim::SimDisk disk;
    PartitionOptions options;
    Mutants mutants;
    broker::DeferPolicy* policy = nullptr;
    int epoch = 0;
    std::unique_ptr<Node> node;
};

}  // namespace hw::replication
