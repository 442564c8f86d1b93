#include "broker/replicas/replica_assigner.h"

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "controller/image/features.h"

namespace hw::broker {

using controller::kLostDirectory;
using controller::kUnassignedDirectory;
using controller::MetadataImage;
using controller::PartitionImage;
using wire::ErrorCode;

namespace {

/// The directory of the replica of `broker`, as the metadata say.
DirectoryId stated_directory(const PartitionImage& partition, BrokerId broker) {
    const auto place = std::ranges::find(partition.replicas, broker);
    const auto index = static_cast<std::size_t>(place - partition.replicas.begin());
    return index < partition.directories.size() ? partition.directories[index]
                                                : kUnassignedDirectory;
}

bool is_registered(const MetadataImage& image, BrokerId broker, DirectoryId directory) {
    const controller::BrokerImage* const registration = image.find_broker(broker);
    return registration != nullptr && std::ranges::count(registration->log_dirs, directory) > 0;
}

/// The controller may give another answer to the same request later.
bool is_temporary(ErrorCode code) {
    return code != ErrorCode::none && code != ErrorCode::unknown_topic_id &&
           code != ErrorCode::unknown_topic_or_partition &&
           code != ErrorCode::not_leader_or_follower;
}

/// The partitions of one directory for which the controller need not be asked again.
void add_answered(const schema::AssignReplicasToDirsResponse::Directory& directory,
                  ReplicaAssigner::Batch& answered) {
    for (const auto& topic : directory.topics) {
        for (const auto& partition : topic.partitions) {
            if (!is_temporary(partition.error_code)) {
                answered.emplace(directory.id, controller::PartitionKey(topic.topic_id,
                                                                        partition.partition_index));
            }
        }
    }
}

}  // namespace

std::optional<DirectoryId> directory_to_tell(const MetadataImage& image,
                                             const PartitionImage& partition, BrokerId self,
                                             std::optional<DirectoryId> actual) {
    const DirectoryId stated = stated_directory(partition, self);
    if (actual.has_value()) {
        return *actual == stated ? std::nullopt : actual;
    }
    const bool seems_online = stated == kUnassignedDirectory || is_registered(image, self, stated);
    return seems_online ? std::optional(kLostDirectory) : std::nullopt;
}

ReplicaAssigner::ReplicaAssigner(Ports ports, MetadataApplier& applier)
    : ports_(std::move(ports)), applier_(applier), tasks_(ports_.shard) {
    applier_.on_failed_log([this](const Key& key) { check_again(key); });
}

Task<> ReplicaAssigner::apply(MetadataUpdate update) {
    const auto image = update.image;
    const bool is_first = update.is_first;
    const auto partitions = update.changes.partitions;
    co_await applier_.apply(std::move(update));
    if (is_first) {
        check_all(*image);
    }
    for (const Key& key : partitions) {
        if (const PartitionImage* const partition = image->topic_table().find(key)) {
            check(*image, key, *partition);
        }
    }
    if (!untold_.empty()) {
        changed_.set();
    }
}

void ReplicaAssigner::check_all(const MetadataImage& image) {
    for (const auto& [name, topic] : image.topics()) {
        for (const auto& [index, partition] : topic.partitions) {
            check(image, {topic.id, index}, partition);
        }
    }
}

void ReplicaAssigner::check(const MetadataImage& image, Key key, const PartitionImage& partition) {
    untold_.erase(key);
    const controller::MetadataVersion version(
        image.feature_level(controller::kMetadataVersionFeature));
    if (stopping_ || !version.has_directories() ||
        std::ranges::count(partition.replicas, ports_.self) == 0) {
        return;
    }
    const storage::LogDirectory* const directory = applier_.directory_of(key);
    const auto actual = directory == nullptr ? std::nullopt : std::optional(directory->id());
    if (const auto told = directory_to_tell(image, partition, ports_.self, actual)) {
        untold_.emplace(key, *told);
    }
}

void ReplicaAssigner::check_again(Key key) {
    const auto& image = applier_.image();
    if (const PartitionImage* const partition = image->topic_table().find(key)) {
        check(*image, key, *partition);
        changed_.set();
    }
}

void ReplicaAssigner::begin_stop() {
    stopping_ = true;
    changed_.set();
    pause_over_.set();
}

Task<> ReplicaAssigner::run() {
    Duration pause = kFirstPause;
    while (!stopping_) {
        if (untold_.empty()) {
            co_await ports_.shard.wait(changed_, kNever);
            continue;
        }
        const Batch batch = next_batch();
        const auto reply = co_await send(batch);
        if (reply && take(batch, *reply)) {
            pause = kFirstPause;
            continue;
        }
        const std::string trouble =
            reply ? fmt::format("{}", (*reply)->error_code) : reply.error().message;
        ports_.log.debug("the controller has not taken the directories of {} replicas: {}",
                         batch.size(), trouble);
        co_await ports_.shard.wait(pause_over_, ports_.clock.now() + pause);
        pause = std::min(pause * 2, kLastPause);
    }
}

ReplicaAssigner::Batch ReplicaAssigner::next_batch() const {
    Batch batch;
    for (const auto& [key, directory] : untold_) {
        if (batch.size() == kMaxPartitions) {
            break;
        }
        batch.emplace(directory, key);
    }
    return batch;
}

Task<Result<ReplicaAssigner::Reply>> ReplicaAssigner::send(const Batch& batch) {
    std::vector<Request::Partition> partitions;
    std::vector<Request::Topic> topics;
    std::vector<Request::Directory> directories;
    partitions.reserve(batch.size());
    topics.reserve(batch.size());
    std::size_t first_topic = 0;      // of the newest directory
    std::size_t first_partition = 0;  // of the newest topic
    for (const auto& [directory, key] : batch) {
        const bool is_other = directories.empty() || directories.back().id != directory;
        if (is_other) {
            directories.push_back({.id = directory});
            first_topic = topics.size();
        }
        if (is_other || topics.back().topic_id != key.topic) {
            topics.push_back({.topic_id = key.topic});
            first_partition = partitions.size();
        }
        partitions.push_back({.partition_index = key.index});
        topics.back().partitions =
            std::span<const Request::Partition>(partitions).subspan(first_partition);
        directories.back().topics = std::span<const Request::Topic>(topics).subspan(first_topic);
    }
    Request request;
    request.broker_id = ports_.self;
    request.broker_epoch = ports_.broker_epoch();
    request.directories = directories;
    constexpr ApiVersion kVersion{0};
    auto reply = co_await replication::call<schema::AssignReplicasToDirsResponse>(
        ports_.controller, request, kVersion, ports_.clock.now() + kAnswerLimit);
    co_return reply;
}

bool ReplicaAssigner::take(const Batch& batch, const Reply& reply) {
    if (reply->error_code != ErrorCode::none) {
        return false;
    }
    Batch answered;
    for (const auto& directory : reply->directories) {
        add_answered(directory, answered);
    }
    for (const auto& [directory, key] : answered) {
        const auto told = untold_.find(key);
        if (told != untold_.end() && told->second == directory) {
            untold_.erase(told);
        }
    }
    return std::ranges::includes(answered, batch);
}

}  // namespace hw::broker
