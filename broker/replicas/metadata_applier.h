#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "broker/api/api_services.h"
#include "broker/metadata/metadata_follower.h"
#include "broker/replicas/hosted_replica.h"
#include "config/broker_config.h"
#include "controller/image/topic_image.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"
#include "storage/log_manager.h"

namespace hw::broker {

/// Makes the replicas of this broker what the metadata says: opens and deletes logs, gives
/// replicas their roles, then tells every shard of the new image and of the replicas that came or
/// went, both at once.
///
/// Lives on the control shard; owned by the node, destroyed after the shards have ended. Entered by
/// the metadata follower, one update at a time.
class MetadataApplier final : public MetadataSubscriber {
public:
    struct Ports {
        storage::Disk& disk;
        storage::LogManager& logs;
        Logger log;
        const config::BrokerConfig& config;
        /// Of all replicas; its home is the control shard.
        HostedReplica::Services replicas;
        /// Of all shards that are told of the metadata.
        std::vector<ApiServices*> shards;
        /// Told of the last offset of each image that all shards have.
        std::function<void(Offset)> tell_applied;
    };

    /// What the tables of the shards learn; without a replica: gone.
    using TableChanges = std::map<controller::PartitionKey, HostedPartition>;

    /// `found` is what was on disk when the node started.
    MetadataApplier(Ports ports, storage::OpenedLogs found);
    MetadataApplier(const MetadataApplier&) = delete;
    MetadataApplier& operator=(const MetadataApplier&) = delete;

    [[nodiscard]] Task<> apply(MetadataUpdate update) override;
    /// The newest image that all shards have, or are being told of.
    [[nodiscard]] const std::shared_ptr<const controller::MetadataImage>& image() const {
        return image_;
    }

    /// How far the replicas with a log have come, by directory.
    using HighWatermarks = std::map<storage::LogDirectory*, storage::PartitionOffsets>;
    [[nodiscard]] Task<HighWatermarks> high_watermarks();
    /// Lets each log forget the producers whose last use is `idle` or longer before `now`.
    [[nodiscard]] Task<> expire_producers(Timestamp now, std::chrono::milliseconds idle);

    /// Ends the service of all replicas; adds their logs to what there is to close. No update comes
    /// any more.
    [[nodiscard]] Task<> stop(std::vector<storage::ClosingLog>& closing);

private:
    using Key = controller::PartitionKey;

    struct Hosted {
        storage::TopicPartition name;
        ReplicaPtr replica;
        storage::LogDirectory* directory = nullptr;  ///< none: its log cannot be opened
        storage::LogId log;
    };
    using Inside = std::move_only_function<void(replication::PartitionReplica&)>;
    [[nodiscard]] Task<> remove_deleted(const MetadataUpdate& update);
    [[nodiscard]] Task<> remove(Key key);
    /// The folder of a log that could not be opened, if it is one.
    [[nodiscard]] Task<> remove_damaged(Key key);
    [[nodiscard]] Task<> remove_files(storage::LogDirectory& directory,
                                      storage::TopicPartition name);
    /// Logs that are missing fail where their partitions belong here, and are forgotten elsewhere.
    [[nodiscard]] Task<> settle_missing(const std::vector<Key>& assigned);
    [[nodiscard]] std::vector<Key> assigned(const MetadataUpdate& update) const;
    [[nodiscard]] Task<> update_partition(Key key);
    [[nodiscard]] Task<> open(Key key, const controller::PartitionImage& partition);
    [[nodiscard]] Task<Result<storage::OpenedLog>> find_log(
        Key key, storage::TopicPartition name, const controller::PartitionImage& partition);
    [[nodiscard]] Result<storage::LogDirectory*> choose_directory(
        const controller::PartitionImage& partition) const;
    [[nodiscard]] Task<> host(Key key, Hosted hosted, storage::OpenedLog opened);
    void report_unknown() const;
    [[nodiscard]] Task<> publish();
    /// Runs `work` in the guard and ends after it.
    [[nodiscard]] Task<> inside(ReplicaPtr replica, Inside work);
    [[nodiscard]] Task<> take_offline(ReplicaPtr replica, replication::PartitionError reason);

    Ports ports_;
    Shard& shard_;
    /// Until the metadata asks for them; those without a topic id share a key.
    std::multimap<Key, storage::OpenedLog> found_;
    std::multimap<Key, storage::FailedLog> failed_;  ///< until their topics are deleted
    std::vector<storage::MissingLog> missing_;       ///< until the first image is there
    std::map<Key, Hosted> hosted_;
    TableChanges changes_;
    std::shared_ptr<const controller::MetadataImage> image_;
};

}  // namespace hw::broker
