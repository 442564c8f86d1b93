#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "broker/coordinator/runtime/coordinator_call.h"
#include "broker/coordinator/runtime/coordinator_machine.h"
#include "protocol/base/clock.h"
#include "protocol/base/ids.h"
#include "protocol/base/logger.h"
#include "protocol/record/compressor.h"
#include "protocol/wire/refusal.h"
#include "replication/decision_queue.h"
#include "replication/partition/partition_replica.h"
#include "replication/partition/replica_listener.h"

namespace hw::broker {

/// Rules that a simulation breaks on purpose; none by default.
struct CoordinatorMutants {
    bool answers_before_commit = false;
    bool loads_to_watermark = false;
    bool keeps_state_when_resigned = false;
};

/// A part of a coordinator's log to load: all below `end`. The number tells one load from the next.
struct CoordinatorLoad {
    std::uint64_t number = 0;
    Offset end;
};

/// Runs a machine on a partition: loads it from the log when this broker becomes the leader, and
/// forgets it when it is not any more. As in QuorumController, requests are decided from the
/// *appended* state, and answered when that is *committed*. There is no way back from the appended
/// to the committed state, because none is needed: a batch that is refused has changed nothing, and
/// a coordinator that has lost its leadership reads its log again before it decides anything.
///
/// Lives in the guard of its partition, where all functions are called.
class Coordinator final : public replication::ReplicaListener {
public:
    using Machine = std::unique_ptr<CoordinatorMachine>;
    struct Ports {
        const Clock& clock;
        Logger log;
        std::string name;               ///< of the partition, for messages
        std::function<Machine()> make;  ///< a machine without state
        /// Begins to load the machine outside of the guard; called inside. The outcome comes to
        /// finish_load in a later entry of the guard.
        std::function<void(CoordinatorLoad)> begin_load;
        /// Asks for a call of on_time, at that time or soon after it; called inside the guard.
        std::function<void(TimePoint)> wake_at;
        CoordinatorMutants mutants = {};
    };
    /// Decides a request. Whoever decides its call sets the result, and adds it to the answers.
    using Operation = std::move_only_function<void(CoordinatorMachine&, Decision&)>;

    /// Requests that wait for a commit, reads among them. A request that was given up waits on.
    static constexpr std::size_t kMaxWaiting = 10'000;

    explicit Coordinator(Ports ports) : ports_(std::move(ports)) {}

    /// Runs `operation`. The calls that are decided end when the decision is committed, or with
    /// NOT_COORDINATOR if this broker loses the leadership before. If this broker cannot decide
    /// now, `call` is refused: NOT_COORDINATOR (it does not lead the partition, or may have been
    /// replaced without knowing it: PartitionLeader::silent_members), COORDINATOR_LOAD_IN_PROGRESS,
    /// COORDINATOR_NOT_AVAILABLE (the log cannot be read, or kMaxWaiting requests wait).
    void run(replication::PartitionReplica& replica, const CallPtr& call, Operation operation);
    /// Runs an operation that answers nobody, if this broker can decide now.
    void act(replication::PartitionReplica& replica, Operation operation);
    /// Whether `run` would refuse now, but may decide soon: this broker does not lead the partition
    /// yet, or the machine is being loaded.
    [[nodiscard]] bool is_on_its_way() const {
        return std::holds_alternative<Idle>(phase_) || std::holds_alternative<Loading>(phase_);
    }
    /// Does what is due. The outcome of wake_at.
    void on_time(replication::PartitionReplica& replica);
    /// Whether this load is still waited for.
    [[nodiscard]] bool wants(const CoordinatorLoad& load) const;
    /// Takes the outcome of a load.
    void finish_load(const CoordinatorLoad& load, Result<Machine> machine);

    void on_led(LeaderEpoch epoch, Offset log_end, Offset high_watermark) override;
    void on_high_watermark(Offset offset) override;
    void on_resigned(const wire::Refusal& reason) override;

private:
    struct Idle {};
    struct Loading {
        CoordinatorLoad load;
    };
    struct Failed {};
    /// Pause after a load that failed.
    static constexpr Duration kLoadPause = std::chrono::seconds(10);

    [[nodiscard]] wire::Refusal not_active() const;
    void carry_out(CoordinatorMachine& machine, Decision& decision,
                   replication::PartitionReplica& replica);
    /// Appends and applies the records. Codes of a refusal, after which nothing has changed:
    /// NOT_COORDINATOR, COORDINATOR_NOT_AVAILABLE (the log takes no records now),
    /// INVALID_COMMIT_OFFSET_SIZE (they are larger than a batch may be).
    [[nodiscard]] std::expected<void, wire::Refusal> append(CoordinatorMachine& machine,
                                                            const CoordinatorRecords& records,
                                                            replication::PartitionReplica& replica);
    void begin_load(Offset log_end, Offset end);
    void activate(Machine machine);
    void arm(const CoordinatorMachine& machine);
    void wake_at(TimePoint time);
    [[nodiscard]] Result<Buffer> batch_of(const CoordinatorRecords& records);
    void apply(CoordinatorMachine& machine, const CoordinatorRecords& records);

    Ports ports_;
    std::variant<Idle, Loading, Failed, Machine> phase_;
    LeaderEpoch epoch_ = kNoLeaderEpoch;
    std::uint64_t loads_ = 0;
    Offset last_appended_ = kNoOffset;
    Offset committed_end_{0};
    TimePoint wakes_at_ = kNever;  ///< the earliest time that was asked for and has not come
    replication::DecisionQueue<CallPtr> waiting_;
    record::Compressor compressor_;
};

}  // namespace hw::broker
