#pragma once

#include <functional>
#include <map>
#include <vector>

#include "broker/replicas/hosted_replica.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/alter_partition.h"
#include "protocol/wire/decoded_message.h"
#include "replication/partition/isr_proposal.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// What the controller's answer for one partition says of a proposal. An error that may come from a
/// controller that is behind, or from one that does not lead, says nothing.
[[nodiscard]] replication::IsrOutcome isr_outcome(wire::ErrorCode code);

/// Sends the proposals of leaders to the controller (AlterPartition, KIP-497). One request is under
/// way at a time; the proposals that come meanwhile go into the next one together.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class IsrUpdater {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
        replication::PeerClient& controller;
        BrokerId self;
        /// The epoch of this broker's registration.
        std::function<BrokerEpoch()> broker_epoch;
    };

    explicit IsrUpdater(Ports ports) : ports_(std::move(ports)), tasks_(ports_.shard) {}
    IsrUpdater(const IsrUpdater&) = delete;
    IsrUpdater& operator=(const IsrUpdater&) = delete;

    void start() { tasks_.spawn(run()); }
    /// A newer proposal of a replica replaces an older one that was not sent yet.
    void propose(ReplicaPtr replica, replication::IsrProposal proposal);
    /// Another controller is active: ends a pause.
    void on_controller_change() { pause_over_.set(); }
    void begin_stop();
    /// Call after the channel to the controller has been stopped.
    [[nodiscard]] Task<> stop() { co_await tasks_.wait_idle(); }

private:
    using Key = controller::PartitionKey;
    using Reply = wire::DecodedMessage<schema::AlterPartitionResponse>;

    /// Partitions of one request.
    static constexpr std::size_t kMaxPartitions = 1000;
    static constexpr Duration kAnswerLimit = std::chrono::seconds(5);
    /// Pauses after requests without an answer: the first, doubled up to the last.
    static constexpr Duration kFirstPause = std::chrono::milliseconds(20);
    static constexpr Duration kLastPause = std::chrono::milliseconds(500);

    struct Proposed {
        ReplicaPtr replica;
        replication::IsrProposal proposal;
    };
    using Batch = std::map<Key, Proposed>;

    [[nodiscard]] Task<> run();
    [[nodiscard]] Batch next_batch();
    [[nodiscard]] Task<Result<Reply>> send(const Batch& batch);
    /// Reports the outcomes that the answer has, and takes their proposals out of `batch`.
    void report(Batch& batch, const Reply& reply);
    void report(const Proposed& proposed, replication::IsrAnswer answer);

    Ports ports_;
    TaskGroup tasks_;
    Signal changed_;
    Signal pause_over_;
    Batch waiting_;
    bool stopping_ = false;
};

}  // namespace hw::broker
