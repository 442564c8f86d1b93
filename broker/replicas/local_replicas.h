#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "broker/replicas/hosted_replica.h"
#include "controller/image/metadata_image.h"
#include "controller/image/topic_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// Whether a replica has its log. `awaited`: it is in the queue of creations; `creating`: a lane
/// has begun; `failed`: it could not be opened, and the replica is offline; `damaged`: it was open
/// and has met damage, and the replica is offline until the next start.
enum class LogState : std::uint8_t { awaited, creating, open, failed, damaged };

/// A replica of this broker, and its log.
struct LocalReplica {
    controller::PartitionKey key;
    storage::TopicPartition name;
    ReplicaPtr replica;
    /// Where its log is or will be; null if that is not known.
    storage::LogDirectory* directory = nullptr;
    LogState state = LogState::awaited;
    storage::LogId log = {};  ///< when it is open
    bool is_removed = false;  ///< its topic was deleted, or it is no longer assigned

    /// The log must be released or closed.
    [[nodiscard]] bool has_log() const {
        return state == LogState::open || state == LogState::damaged;
    }
    /// It has no log that it can use.
    [[nodiscard]] bool is_offline() const {
        return state == LogState::failed || state == LogState::damaged;
    }
};

using LocalReplicaPtr = std::shared_ptr<LocalReplica>;

/// What the check of the ISRs must know, see replication::ClusterView.
struct IsrCheck {
    std::shared_ptr<const controller::MetadataImage> image;
    BrokerId self;
    TimePoint session_end;
    Duration session_timeout;
};

/// The replicas of this broker, and the work that goes through all of them from time to time.
///
/// Owned by the metadata applier; lives on the control shard.
class LocalReplicas {
public:
    using Key = controller::PartitionKey;
    /// The same order in every process.
    struct ByPath {
        bool operator()(const storage::LogDirectory* left,
                        const storage::LogDirectory* right) const {
            return left->path() < right->path();
        }
    };
    /// High watermarks of the replicas that have a log, by directory.
    using HighWatermarks = std::map<storage::LogDirectory*, storage::PartitionOffsets, ByPath>;

    explicit LocalReplicas(Shard& shard) : shard_(shard) {}

    [[nodiscard]] LocalReplicaPtr find(const Key& key) const {
        const auto found = replicas_.find(key);
        return found == replicas_.end() ? nullptr : found->second;
    }
    void add(const LocalReplicaPtr& replica) { replicas_.emplace(replica->key, replica); }
    void erase(const Key& key) { replicas_.erase(key); }
    [[nodiscard]] const std::map<Key, LocalReplicaPtr>& all() const { return replicas_; }

    /// Some replica waits for its log.
    [[nodiscard]] bool any_awaits_log() const;

    /// Without those of replicas that are removed by the time that this ends: a new log of the same
    /// name must not get them.
    [[nodiscard]] Task<HighWatermarks> high_watermarks();
    /// Lets each log forget the producers whose last use is `idle` or longer before `now`.
    [[nodiscard]] Task<> expire_producers(Timestamp now, std::chrono::milliseconds idle);
    /// Lets the leaders among the replicas take slow followers out of the ISR.
    [[nodiscard]] Task<> check_isrs(IsrCheck check);
    /// Refuses the appends that have waited too long for a log that is being made.
    [[nodiscard]] Task<> refuse_early_appends();

private:
    /// For work during which the replicas can change.
    [[nodiscard]] std::vector<LocalReplicaPtr> listed() const;

    Shard& shard_;
    std::map<Key, LocalReplicaPtr> replicas_;
};

}  // namespace hw::broker
