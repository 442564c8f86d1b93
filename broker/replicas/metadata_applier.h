#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/metadata/metadata_follower.h"
#include "broker/net/rate_limited_log.h"
#include "broker/replicas/hosted_replica.h"
#include "broker/replicas/shard_view.h"
#include "config/broker_config.h"
#include "controller/image/topic_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// Applies metadata updates to the replicas of this broker: opens and deletes logs, and sets the
/// roles of replicas. Then it posts the new image and the changes of the replica table to every
/// shard, both in one step.
///
/// Metadata from before the registration of this process may say that this broker leads, but they
/// speak of an earlier process, which may have changed the ISR since. So nothing is led by them.
///
/// Lives on the control shard; owned by the node, destroyed after the shards have ended. The
/// metadata follower calls `apply`, one update at a time.
class MetadataApplier final : public MetadataSubscriber {
public:
    struct Ports {
        storage::Disk& disk;
        storage::LogManager& logs;
        Logger log;
        const config::BrokerConfig& config;
        IncarnationId incarnation;  ///< of this process
        /// Services of all replicas; their home is the control shard.
        HostedReplica::Services replicas;
        /// The views of all shards that get the metadata.
        std::vector<ShardView*> shards;
        /// Called with the last offset of an image when all shards have that image.
        std::function<void(Offset)> tell_applied;
    };

    /// Changes of the shards' replica tables. An entry without a replica is removed.
    using TableChanges = std::map<controller::PartitionKey, HostedPartition>;

    /// `found` are the logs that were on disk when the node started.
    MetadataApplier(Ports ports, storage::OpenedLogs found);
    MetadataApplier(const MetadataApplier&) = delete;
    MetadataApplier& operator=(const MetadataApplier&) = delete;

    [[nodiscard]] Task<> apply(MetadataUpdate update) override;
    /// Ends `apply` early, which can take long when it opens many logs. First step of a stop.
    void begin_stop() { stopping_ = true; }
    /// How far the running `apply` is.
    struct Progress {
        std::size_t done = 0;
        std::size_t all = 0;
    };
    [[nodiscard]] const Progress& progress() const { return progress_; }
    /// The newest image, which all shards have or which is being applied.
    [[nodiscard]] const std::shared_ptr<const controller::MetadataImage>& image() const {
        return image_;
    }

    /// For the checks of a simulation: a replica of this broker; nullptr if there is none.
    [[nodiscard]] const replication::PartitionReplica* inspect(
        const controller::PartitionKey& key) const {
        const auto found = hosted_.find(key);
        return found == hosted_.end() ? nullptr : &found->second.replica->inspect();
    }

    /// The directory with the log of a replica of this broker, also if it has failed; nullptr if
    /// there is no usable log.
    [[nodiscard]] const storage::LogDirectory* directory_of(
        const controller::PartitionKey& key) const {
        const auto found = hosted_.find(key);
        if (found != hosted_.end() && found->second.directory != nullptr) {
            return found->second.directory;
        }
        const auto damaged = failed_.find(key);
        const bool has_failed = damaged != failed_.end() && damaged->second.directory->failure();
        return has_failed ? damaged->second.directory : nullptr;
    }

    /// High watermarks of the replicas that have a log, by directory.
    using HighWatermarks = std::map<storage::LogDirectory*, storage::PartitionOffsets>;
    [[nodiscard]] Task<HighWatermarks> high_watermarks();
    /// Lets each log forget the producers whose last use is `idle` or longer before `now`.
    [[nodiscard]] Task<> expire_producers(Timestamp now, std::chrono::milliseconds idle);

    /// Lets the leaders among the replicas take slow followers out of the ISR. See
    /// ClusterView::silence_limit.
    [[nodiscard]] Task<> check_isrs(std::optional<Duration> silence_limit);

    /// Takes all replicas offline and adds their logs to `closing`. Call after the last update.
    [[nodiscard]] Task<> stop(std::vector<storage::ClosingLog>& closing);

private:
    using Key = controller::PartitionKey;

    struct Hosted {
        storage::TopicPartition name;
        ReplicaPtr replica;
        storage::LogDirectory* directory = nullptr;  ///< null if its log could not be opened
        storage::LogId log;
    };
    using GuardedWork = std::move_only_function<void(replication::PartitionReplica&)>;
    [[nodiscard]] Task<> remove_deleted(const MetadataUpdate& update);
    /// Removes the replicas that are no longer assigned to this broker.
    [[nodiscard]] Task<> remove_unassigned(const MetadataUpdate& update);
    /// Removes a replica with its files. `why` completes the sentence "..., because ...".
    [[nodiscard]] Task<> remove(Key key, std::string why);
    [[nodiscard]] Task<> change_options(const MetadataUpdate& update);
    /// Removes the folder of a log that could not be opened; does nothing for other partitions.
    [[nodiscard]] Task<> remove_damaged(Key key, std::string why);
    [[nodiscard]] Task<> remove_files(storage::LogDirectory& directory,
                                      storage::TopicPartition name, std::string why);
    /// Decides about logs whose folder is missing: the partition goes offline if it is assigned to
    /// this broker, otherwise its checkpointed offsets are removed.
    [[nodiscard]] Task<> settle_missing(const std::vector<Key>& assigned);
    [[nodiscard]] std::vector<Key> assigned(const MetadataUpdate& update) const;
    /// The metadata have the registration of this process.
    [[nodiscard]] bool is_registered() const {
        const controller::BrokerImage* self = image_->find_broker(ports_.replicas.self);
        return self != nullptr && self->incarnation == ports_.incarnation;
    }
    [[nodiscard]] Task<> update_partition(Key key);
    [[nodiscard]] Task<> open(Key key, const controller::PartitionImage& partition);
    [[nodiscard]] std::shared_ptr<const replication::PartitionOptions> options_of(
        std::string_view topic, const controller::PartitionImage& partition) const;
    [[nodiscard]] Task<Result<storage::OpenedLog>> find_log(
        Key key, storage::TopicPartition name, const controller::PartitionImage& partition);
    [[nodiscard]] Result<storage::LogDirectory*> choose_directory(
        const controller::PartitionImage& partition) const;
    [[nodiscard]] Task<> host(Key key, Hosted hosted, storage::OpenedLog opened);
    void report_unknown() const;
    [[nodiscard]] Task<> publish();
    /// Runs `work` in the guard of the replica and waits for it.
    [[nodiscard]] Task<> run_in_guard(ReplicaPtr replica, GuardedWork work);
    [[nodiscard]] Task<> leave_role(ReplicaPtr replica, std::string why);
    [[nodiscard]] Task<> take_offline(ReplicaPtr replica, wire::Refusal reason);

    Ports ports_;
    Shard& shard_;
    /// Logs found at start that no replica uses yet. Those without a topic id share a key.
    std::multimap<Key, storage::OpenedLog> found_;
    std::multimap<Key, storage::FailedLog> failed_;  ///< kept until their topics are deleted
    std::vector<storage::MissingLog> missing_;       ///< kept until the first update
    std::map<Key, Hosted> hosted_;
    std::map<storage::LogDirectory*, std::size_t> used_;  ///< number of logs in each directory
    std::set<Key> leading_later_;  ///< led by this broker, as metadata before the registration say
    TableChanges changes_;
    std::shared_ptr<const controller::MetadataImage> image_;
    RateLimitedLog troubles_;
    Progress progress_;
    bool stopping_ = false;
};

}  // namespace hw::broker
