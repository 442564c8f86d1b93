#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "broker/metadata/metadata_follower.h"
#include "broker/replicas/metadata_applier.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "protocol/schema/api/assign_replicas_to_dirs.h"
#include "protocol/wire/decoded_message.h"
#include "replication/peer/peer_client.h"

namespace hw::broker {

/// The directory that the controller must be told for the replica of `self`; nothing if the
/// metadata agree, or already say that the replica is offline. `actual` is the directory with its
/// log, which may have failed; nothing if it has no usable log: then it is lost.
[[nodiscard]] std::optional<DirectoryId> directory_to_tell(
    const controller::MetadataImage& image, const controller::PartitionImage& partition,
    BrokerId self, std::optional<DirectoryId> actual);

/// Tells the controller in which directories the replicas of this broker are, where the metadata
/// say something else (AssignReplicasToDirs, KIP-858). Example: the folder of a log was moved to
/// another directory while the broker was stopped. If that directory fails, the controller must
/// move the leadership of this partition, too. A replica without a usable log is told as lost.
///
/// One request is under way at a time; what comes meanwhile goes into the next one. It is dropped
/// when the metadata agree. Passes each metadata update to the applier first.
///
/// Lives on the control shard; owned by the node. `stop` must have ended before it is destroyed.
class ReplicaAssigner final : public MetadataSubscriber {
public:
    struct Ports {
        Shard& shard;
        const Clock& clock;
        Logger log;
        replication::PeerClient& controller;
        BrokerId self;
        /// The epoch of this broker's registration; -1: none.
        std::function<BrokerEpoch()> broker_epoch;
    };

    /// In the order of a request.
    using Batch = std::set<std::pair<DirectoryId, controller::PartitionKey>>;
    /// Partitions of one request; as Kafka's brokers.
    static constexpr std::size_t kMaxPartitions = 2250;

    ReplicaAssigner(Ports ports, MetadataApplier& applier);
    ReplicaAssigner(const ReplicaAssigner&) = delete;
    ReplicaAssigner& operator=(const ReplicaAssigner&) = delete;

    void start() { tasks_.spawn(run()); }
    [[nodiscard]] Task<> apply(MetadataUpdate update) override;
    /// Another controller is active: ends a pause.
    void on_controller_change() { pause_over_.set(); }
    void begin_stop();
    /// Call after the channel to the controller has been stopped.
    [[nodiscard]] Task<> stop() { co_await tasks_.wait_idle(); }

private:
    using Key = controller::PartitionKey;
    using Request = schema::AssignReplicasToDirsRequest;
    using Reply = wire::DecodedMessage<schema::AssignReplicasToDirsResponse>;

    static constexpr Duration kAnswerLimit = std::chrono::seconds(5);
    /// Pauses after requests that must be sent again: the first, doubled up to the last.
    static constexpr Duration kFirstPause = std::chrono::milliseconds(50);
    static constexpr Duration kLastPause = std::chrono::seconds(5);

    void check(const controller::MetadataImage& image, Key key,
               const controller::PartitionImage& partition);
    void check_all(const controller::MetadataImage& image);
    void check_again(Key key);
    [[nodiscard]] Task<> run();
    [[nodiscard]] Batch next_batch() const;
    [[nodiscard]] Task<Result<Reply>> send(const Batch& batch);
    /// Forgets what the controller has answered for good. False if something must be sent again.
    bool take(const Batch& batch, const Reply& reply);

    Ports ports_;
    MetadataApplier& applier_;
    TaskGroup tasks_;
    Signal changed_;
    Signal pause_over_;
    std::map<Key, DirectoryId> untold_;
    bool stopping_ = false;
};

}  // namespace hw::broker
