#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/metadata/metadata_follower.h"
#include "broker/net/rate_limited_log.h"
#include "broker/replicas/guard_entries.h"
#include "broker/replicas/hosted_replica.h"
#include "broker/replicas/local_replicas.h"
#include "broker/replicas/log_places.h"
#include "broker/replicas/replica_files.h"
#include "broker/replicas/shard_view.h"
#include "config/broker_config.h"
#include "controller/image/topic_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// Applies metadata updates to the replicas of this broker: sets their roles, posts the new image
/// and the changes of the replica table to every shard, both in one step, and lets ReplicaFiles
/// create and remove logs behind that. See README.md, *Applying metadata*.
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
        /// May be null.
        ReplicaListeners* listeners = nullptr;
        /// The views of all shards that get the metadata.
        std::vector<ShardView*> shards;
        /// Called with the last offset of an image when all shards have that image, and all logs
        /// of the first update are open.
        std::function<void(Offset)> tell_applied;
    };

    /// Changes of the shards' replica tables. An entry without a replica is removed.
    using TableChanges = std::map<controller::PartitionKey, HostedPartition>;

    /// `found` are the logs that were on disk when the node started.
    MetadataApplier(Ports ports, storage::OpenedLogs found);
    MetadataApplier(const MetadataApplier&) = delete;
    MetadataApplier& operator=(const MetadataApplier&) = delete;

    [[nodiscard]] Task<> apply(MetadataUpdate update) override;
    /// `call` is called when the log of a replica could not be made, some time after `apply`, and
    /// when an open log has met damage.
    void on_failed_log(std::function<void(const controller::PartitionKey&)> call) {
        tell_failed_ = std::move(call);
    }
    /// Ends `apply` early, and begins no further work on files. First step of a stop.
    void begin_stop();
    /// How many replicas of the first update have their logs, or cannot have them.
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
        const LocalReplicaPtr local = replicas_.find(key);
        return local == nullptr ? nullptr : &local->replica->inspect();
    }

    /// The directory in which the log of a replica of this broker is or will be, also if it has
    /// failed; nullptr if there is no usable log.
    [[nodiscard]] const storage::LogDirectory* directory_of(
        const controller::PartitionKey& key) const {
        const LocalReplicaPtr local = replicas_.find(key);
        if (local != nullptr && local->directory != nullptr &&
            (!local->is_offline() || local->directory->failure())) {
            return local->directory;
        }
        return places_.failed_directory_of(key);
    }

    /// See LocalReplicas.
    using HighWatermarks = LocalReplicas::HighWatermarks;
    [[nodiscard]] Task<HighWatermarks> high_watermarks() { return replicas_.high_watermarks(); }
    [[nodiscard]] Task<> expire_producers(Timestamp now, std::chrono::milliseconds idle) {
        return replicas_.expire_producers(now, idle);
    }
    [[nodiscard]] Task<> check_isrs(TimePoint session_end, Duration session_timeout);

    /// Takes all replicas offline and adds their logs to `closing`. Call after the last update.
    [[nodiscard]] Task<> stop(std::vector<storage::ClosingLog>& closing);

private:
    using Key = controller::PartitionKey;
    using Options = std::shared_ptr<const replication::PartitionOptions>;

    /// The options that were made last: those of the partitions of a topic are mostly the same.
    struct LastOptions {
        std::shared_ptr<const controller::MetadataImage> image;
        std::string topic;
        std::size_t replicas = 0;
        Options options;
    };

    void remove_deleted(const MetadataUpdate& update, GuardEntries& entries);
    /// Removes the replicas that are no longer assigned to this broker.
    void remove_unassigned(const MetadataUpdate& update, GuardEntries& entries);
    /// Removes a replica, and later its files. `why` completes the sentence "..., because ...".
    void remove(const Key& key, const std::string& why, GuardEntries& entries);
    /// Removes the folder of a log that could not be opened.
    void remove_damaged(const storage::FailedLog& damaged, const std::string& why);
    void change_options(const MetadataUpdate& update, GuardEntries& entries);
    /// Sets the logs aside that the metadata do not place here, then creates those whose folder
    /// name they may have had.
    void set_strays_aside();
    /// Decides about logs whose folder is missing: the partition goes offline if it is assigned to
    /// this broker, otherwise its checkpointed offsets are removed.
    [[nodiscard]] Task<> settle_missing(const std::vector<Key>& assigned);
    [[nodiscard]] std::vector<Key> assigned(const MetadataUpdate& update) const;
    /// The metadata have the registration of this process.
    [[nodiscard]] bool is_registered() const {
        const controller::BrokerImage* self = image_->find_broker(ports_.replicas.self);
        return self != nullptr && self->incarnation == ports_.incarnation;
    }
    /// Sets the roles of replicas, first of those that exist, and adds those that are new.
    [[nodiscard]] Task<> update_partitions(std::vector<Key> keys, GuardEntries& entries);
    /// Gives a replica with an open log the role that the image says.
    void set_role(const LocalReplica& local, GuardEntries& entries);
    void add(const Key& key, const controller::PartitionImage& partition, GuardEntries& entries);
    [[nodiscard]] Options options_of(const std::string& topic,
                                     const controller::PartitionImage& partition);
    /// Takes a new log from a lane.
    [[nodiscard]] Task<> take_log(LocalReplicaPtr local, Result<storage::OpenedLog> created);
    void open(LocalReplica& local, storage::OpenedLog opened, GuardEntries& entries);
    void go_offline(LocalReplica& local, LogState state, const Error& reason,
                    GuardEntries& entries);
    [[nodiscard]] Task<> take_damage(Key key, Error reason);
    /// The replica has its log, or will have none.
    void settle(const Key& key);
    [[nodiscard]] Task<> publish();
    void tell_applied();
    [[nodiscard]] Task<> refuse_early_appends();

    Ports ports_;
    std::function<void(const controller::PartitionKey&)> tell_failed_;
    Shard& shard_;
    LogPlaces places_;
    LocalReplicas replicas_;
    ReplicaFiles files_;
    std::set<Key> leading_later_;  ///< led by this broker, as metadata before the registration say
    std::vector<LocalReplicaPtr> held_;  ///< to be created when strays are out of the way
    std::set<Key> unsettled_;            ///< replicas of the first update that wait for their logs
    TableChanges changes_;
    std::shared_ptr<const controller::MetadataImage> image_;
    std::optional<Offset> published_;  ///< last offset of the image that all shards have
    LastOptions last_options_;
    RateLimitedLog troubles_;
    Progress progress_;
    TaskGroup tasks_;
    Signal ended_;
    bool refuses_early_ = false;  ///< refuse_early_appends runs
    bool strays_are_taken_ = false;
    bool stopping_ = false;
    bool has_stopped_ = false;
};

}  // namespace hw::broker
