#include "broker/replicas/metadata_applier.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "broker/replicas/topic_options.h"
#include "controller/image/topic_image.h"
#include "storage/log_folder.h"

namespace hw::broker {

using controller::PartitionImage;
using replication::PartitionReplica;
using storage::TopicPartition;
using wire::ErrorCode;

namespace {

/// Interval at which a replica is asked whether its write has ended.
constexpr Duration kWriteCheck = std::chrono::milliseconds(1);

replication::PartitionFacts facts_of(const PartitionImage& partition) {
    return {.leader_epoch = partition.leader_epoch,
            .partition_epoch = partition.partition_epoch,
            .replicas = partition.replicas,
            .isr = partition.isr};
}

void change_table(ShardView& view, const MetadataApplier::TableChanges& changes) {
    for (const auto& [key, partition] : changes) {
        const HostedPartition* old = view.replicas.find(key);
        if (old != nullptr && old->replica != partition.replica) {
            view.read_places.forget(*old->replica);
        }
        if (partition.replica != nullptr) {
            view.replicas.put(key, partition);
        } else {
            view.replicas.erase(key);
        }
    }
}

/// Adds advice to the error of a damaged log.
Error with_remedy(Error damage) {
    if (damage.kind == ErrorKind::corrupt) {
        damage.message += ". Restore its folder from a copy and start again, or delete the topic";
    }
    return damage;
}

template <class Logs>
auto by_key(Logs logs) {
    std::multimap<controller::PartitionKey, typename Logs::value_type> keyed;
    for (auto& log : logs) {
        keyed.emplace(controller::PartitionKey{log.topic_id, log.name.partition}, std::move(log));
    }
    return keyed;
}

}  // namespace

MetadataApplier::MetadataApplier(Ports ports, storage::OpenedLogs found)
    : ports_(std::move(ports)),
      shard_(ports_.replicas.home),
      found_(by_key(std::move(found.logs))),
      failed_(by_key(std::move(found.failed))),
      missing_(std::move(found.missing)),
      troubles_(ports_.log, ports_.replicas.clock) {}

Task<> MetadataApplier::apply(MetadataUpdate update) {
    image_ = update.image;
    co_await remove_deleted(update);
    co_await remove_unassigned(update);
    co_await change_options(update);
    std::vector<Key> keys = assigned(update);
    if (is_registered()) {
        std::ranges::copy_if(std::exchange(leading_later_, {}), std::back_inserter(keys),
                             [this](const Key& key) { return hosted_.contains(key); });
    }
    if (update.is_first) {
        co_await settle_missing(keys);
    }
    progress_ = {.done = 0, .all = keys.size()};
    for (const Key& key : keys) {
        if (stopping_) {
            co_return;
        }
        co_await update_partition(key);
        ++progress_.done;
    }
    if (update.is_first) {
        report_unknown();
    }
    co_await publish();
    ports_.tell_applied(update.image->last_offset());
}

Task<> MetadataApplier::remove_deleted(const MetadataUpdate& update) {
    std::vector<Key> gone;
    for (const auto& [key, hosted] : hosted_) {
        if (update.changes.deleted_topics.contains(key.topic)) {
            gone.push_back(key);
        }
    }
    for (const Key& key : gone) {
        if (stopping_) {
            co_return;
        }
        co_await remove(key, "its topic was deleted");
    }
    std::vector<Key> damaged;
    for (const auto& [key, log] : failed_) {
        if (update.changes.deleted_topics.contains(key.topic)) {
            damaged.push_back(key);
        }
    }
    for (const Key& key : damaged) {
        if (stopping_) {
            co_return;
        }
        co_await remove_damaged(key, "its topic was deleted");
    }
    // Logs of topics that were deleted while this broker was down, or just before it crashed.
    for (auto each = found_.begin(); each != found_.end() && !stopping_;) {
        if (!update.changes.deleted_topics.contains(each->first.topic)) {
            ++each;
            continue;
        }
        const auto deleted = found_.extract(each++);
        co_await remove_files(*deleted.mapped().directory, deleted.mapped().name,
                              "its topic was deleted");
    }
}

Task<> MetadataApplier::remove_unassigned(const MetadataUpdate& update) {
    for (const Key& key : update.changes.partitions) {
        const PartitionImage* partition = update.image->topic_table().find(key);
        if (stopping_) {
            co_return;
        }
        if (hosted_.contains(key) &&
            std::ranges::count(partition->replicas, ports_.replicas.self) == 0) {
            co_await remove(key, "it is no longer assigned to this broker");
        }
    }
}

Task<> MetadataApplier::change_options(const MetadataUpdate& update) {
    for (const auto& [key, hosted] : hosted_) {
        const controller::ConfigResource resource{controller::ConfigResourceType::topic,
                                                  hosted.name.topic};
        const PartitionImage* partition = image_->topic_table().find(key);
        // It may be deleted and not removed yet, when the node is stopping.
        if (partition == nullptr || !update.changes.configs.contains(resource)) {
            continue;
        }
        auto options = options_of(hosted.name.topic, *partition);
        changes_[key] = {.replica = hosted.replica, .options = options};
        auto set = [options](PartitionReplica& replica) { replica.set_options(options); };
        co_await run_in_guard(hosted.replica, std::move(set));
    }
}

Task<> MetadataApplier::remove(Key key, std::string why) {
    const Hosted hosted = std::move(hosted_.extract(key).mapped());
    changes_[key] = {};
    wire::Refusal reason(ErrorCode::unknown_topic_or_partition, "the partition is gone: " + why);
    co_await take_offline(hosted.replica, std::move(reason));
    if (hosted.directory == nullptr) {
        co_await remove_damaged(key, std::move(why));
        co_return;
    }
    hosted.directory->remove(hosted.log);
    --used_[hosted.directory];
    auto drop_log = [](PartitionReplica& replica) { const auto log = replica.release_log(); };
    co_await run_in_guard(hosted.replica, drop_log);
    co_await remove_files(*hosted.directory, hosted.name, std::move(why));
}

Task<> MetadataApplier::remove_damaged(Key key, std::string why) {
    const auto damaged = failed_.extract(key);
    if (damaged && !damaged.mapped().directory->failure()) {
        co_await remove_files(*damaged.mapped().directory, damaged.mapped().name, std::move(why));
    }
}

Task<> MetadataApplier::remove_files(storage::LogDirectory& directory, TopicPartition name,
                                     std::string why) {
    const auto removed = co_await ports_.logs.remove(directory, name);
    if (removed) {
        ports_.log.info("removed the log of {} from {}, because {}", name, directory.path(), why);
    } else {
        ports_.log.error("cannot remove the log of {} from {}, although {}: {}", name,
                         directory.path(), why, removed.error().message);
    }
}

Task<> MetadataApplier::settle_missing(const std::vector<Key>& assigned) {
    std::map<TopicPartition, Key> keys;
    for (const Key& key : assigned) {
        keys.emplace(TopicPartition{image_->find_topic(key.topic)->name, key.index}, key);
    }
    for (const storage::MissingLog& log : std::exchange(missing_, {})) {
        if (stopping_) {
            co_return;
        }
        const auto key = keys.find(log.name);
        if (key == keys.end() || found_.contains(key->second)) {
            const auto forgotten = co_await ports_.logs.remove(*log.directory, log.name);
            if (!forgotten) {
                ports_.log.error("cannot remove the checkpointed offsets of {} from {}: {}",
                                 log.name, log.directory->path(), forgotten.error().message);
            }
            continue;
        }
        Error reason{ErrorKind::not_found,
                     fmt::format("its folder {}/{} is missing; it had records below offset {} on "
                                 "stable storage. Restore the folder, or delete the topic",
                                 log.directory->path(), log.name, log.recovery_point)};
        failed_.emplace(key->second, storage::FailedLog{log.name, key->second.topic, log.directory,
                                                        std::move(reason)});
    }
}

std::vector<MetadataApplier::Key> MetadataApplier::assigned(const MetadataUpdate& update) const {
    std::vector<Key> keys;
    const auto add = [&](const Key& key, const PartitionImage& partition) {
        if (std::ranges::count(partition.replicas, ports_.replicas.self) > 0) {
            keys.push_back(key);
        }
    };
    if (!update.is_first) {
        for (const Key& key : update.changes.partitions) {
            add(key, *update.image->topic_table().find(key));
        }
        return keys;
    }
    for (const auto& [name, topic] : update.image->topics()) {
        for (const auto& [index, partition] : topic.partitions) {
            add({topic.id, index}, partition);
        }
    }
    return keys;
}

Task<> MetadataApplier::update_partition(Key key) {
    const PartitionImage& partition = *image_->topic_table().find(key);
    if (!hosted_.contains(key)) {
        co_await open(key, partition);
    }
    const Hosted& hosted = hosted_.at(key);
    if (hosted.directory == nullptr || hosted.directory->failure()) {
        co_return;  // The replica is offline and answers with the reason.
    }
    if (partition.leader == ports_.replicas.self && !is_registered()) {
        leading_later_.insert(key);
        co_await leave_role(hosted.replica, "this process is not registered yet");
        co_return;
    }
    if (partition.leader == ports_.replicas.self) {
        auto lead = [facts = facts_of(partition)](PartitionReplica& replica) {
            replica.become_leader(facts);
        };
        co_await run_in_guard(hosted.replica, std::move(lead));
        co_return;
    }
    if (partition.leader != kNoBroker) {
        auto follow = [facts = facts_of(partition), leader = partition.leader](
                          PartitionReplica& replica) { replica.become_follower(facts, leader); };
        co_await run_in_guard(hosted.replica, std::move(follow));
        co_return;
    }
    co_await leave_role(hosted.replica,
                        "the partition has no leader: no replica that may lead it is in service");
}

/// Does not wait for a write or truncation under way, perhaps on a slow disk, which must not hold
/// up the roles of others.
Task<> MetadataApplier::leave_role(ReplicaPtr replica, std::string why) {
    auto leave = [&why](PartitionReplica& inside) {
        inside.become_offline({ErrorCode::not_leader_or_follower, why});
    };
    co_await run_in_guard(std::move(replica), std::move(leave));
}

Task<> MetadataApplier::open(Key key, const PartitionImage& partition) {
    const TopicPartition name{image_->find_topic(key.topic)->name, key.index};
    auto options = options_of(name.topic, partition);
    Hosted hosted{.name = name,
                  .replica = std::make_shared<HostedReplica>(ports_.replicas, key, options),
                  .directory = nullptr,
                  .log = {}};
    changes_[key] = {.replica = hosted.replica, .options = std::move(options)};
    auto opened = co_await find_log(key, name, partition);
    if (opened) {
        co_await host(key, std::move(hosted), std::move(*opened));
        co_return;
    }
    troubles_.error("{} is offline: {}", name, opened.error().message);
    wire::Refusal reason(ErrorCode::kafka_storage_error, opened.error().message);
    co_await take_offline(hosted.replica, std::move(reason));
    hosted_.emplace(key, std::move(hosted));
}

std::shared_ptr<const replication::PartitionOptions> MetadataApplier::options_of(
    std::string_view topic, const PartitionImage& partition) const {
    const auto settings = topic_config_of(*image_, topic, ports_.config.settings, ports_.log);
    return std::make_shared<const replication::PartitionOptions>(
        partition_options_of(settings, static_cast<std::int32_t>(partition.replicas.size()),
                             ports_.config.produce.validation));
}

Task<Result<storage::OpenedLog>> MetadataApplier::find_log(Key key, TopicPartition name,
                                                           const PartitionImage& partition) {
    if (auto found = found_.extract(key)) {
        co_return std::move(found.mapped());
    }
    if (const auto failed = failed_.find(key); failed != failed_.end()) {
        co_return std::unexpected(with_remedy(failed->second.reason));
    }
    const auto directory = choose_directory(partition);
    if (!directory) {
        co_return std::unexpected(directory.error());
    }
    auto created = co_await ports_.logs.create(**directory, std::move(name), key.topic);
    co_return created;
}

Result<storage::LogDirectory*> MetadataApplier::choose_directory(
    const PartitionImage& partition) const {
    const auto used = [this](storage::LogDirectory* directory) {
        const auto found = used_.find(directory);
        return found == used_.end() ? std::size_t{0} : found->second;
    };
    const auto place = std::ranges::find(partition.replicas, ports_.replicas.self);
    const auto index = static_cast<std::size_t>(place - partition.replicas.begin());
    const DirectoryId wanted = index < partition.directories.size()
                                   ? partition.directories[index]
                                   : controller::kUnassignedDirectory;
    storage::LogDirectory* chosen = nullptr;
    for (const auto& directory : ports_.logs.directories()) {
        const bool is_for_logs =
            std::ranges::count(ports_.config.storage.log_dirs, directory->path()) > 0;
        const bool is_wanted = controller::is_reserved(wanted) || directory->id() == wanted;
        if (is_for_logs && is_wanted && !directory->failure() &&
            (chosen == nullptr || used(directory.get()) < used(chosen))) {
            chosen = directory.get();
        }
    }
    if (chosen == nullptr) {
        return fail(
            ErrorKind::not_found,
            "the log directory with id {}, where this replica belongs, is not online: is one "
            "of `log.dirs` missing or not mounted?",
            wanted);
    }
    return chosen;
}

Task<> MetadataApplier::host(Key key, Hosted hosted, storage::OpenedLog opened) {
    hosted.directory = opened.directory;
    const auto settings =
        topic_config_of(*image_, hosted.name.topic, ports_.config.settings, ports_.log);
    auto log_options = log_options_of(settings);
    log_options.gaps = gaps_of(*image_, hosted.name.topic, ports_.config.settings);
    auto context =
        hosted.replica->log_context(ports_.disk, ports_.log.named("storage"), log_options);
    auto log = std::make_unique<storage::Log>(std::move(context), std::move(opened.contents));
    hosted.log = hosted.directory->add(hosted.name, hosted.replica, log->durable_end_offset());
    hosted.replica->set_directory(*hosted.directory, hosted.log);
    auto open_log = [&](PartitionReplica& replica) {
        replica.open(std::move(log), opened.high_watermark);
    };
    co_await run_in_guard(hosted.replica, open_log);
    ++used_[hosted.directory];
    hosted_.emplace(key, std::move(hosted));
}

void MetadataApplier::report_unknown() const {
    for (const auto& [key, log] : found_) {
        const std::string why =
            log.topic_id == TopicId()
                ? fmt::format("has no {}, so its topic is unknown", storage::kPartitionMetadataFile)
                : fmt::format("belongs to a topic (id {}) that is not in the metadata",
                              log.topic_id);
        ports_.log.warning("the log of {} in {} {}; it is neither used nor removed", log.name,
                           log.directory->path(), why);
    }
}

Task<> MetadataApplier::publish() {
    const auto changes = std::make_shared<const TableChanges>(std::exchange(changes_, {}));
    const auto missing = std::make_shared<std::size_t>(ports_.shards.size());
    const auto done = std::make_shared<Signal>();
    const auto arrived = [missing, done] {
        if (--*missing == 0) {
            done->set();
        }
    };
    for (ShardView* view : ports_.shards) {
        view->shard.post([this, view, changes, arrived, image = image_] {
            view->image = image;
            change_table(*view, *changes);
            shard_.post(arrived);
        });
    }
    co_await shard_.wait(*done, kNever);
}

Task<> MetadataApplier::run_in_guard(ReplicaPtr replica, GuardedWork work) {
    const auto done = std::make_shared<Signal>();
    auto run = [this, done, work = std::move(work)](PartitionReplica& entered, Shard&) mutable {
        work(entered);
        shard_.post([done] { done->set(); });
    };
    replica->enter_unrefused(shard_, std::move(run));
    co_await shard_.wait(*done, kNever);
}

Task<> MetadataApplier::take_offline(ReplicaPtr replica, wire::Refusal reason) {
    auto leave = [&reason](PartitionReplica& entered) { entered.become_offline(reason); };
    co_await run_in_guard(replica, std::move(leave));
    bool is_busy = true;
    while (is_busy) {
        auto look = [&is_busy](PartitionReplica& entered) { is_busy = entered.is_busy(); };
        co_await run_in_guard(replica, std::move(look));
        if (is_busy) {
            Signal never;
            co_await shard_.wait(never, ports_.replicas.clock.now() + kWriteCheck);
        }
    }
}

Task<MetadataApplier::HighWatermarks> MetadataApplier::high_watermarks() {
    const auto watermarks = std::make_shared<HighWatermarks>();
    for (const auto& [key, hosted] : std::map(hosted_)) {
        Offset high_watermark = kNoOffset;
        auto look = [&high_watermark](PartitionReplica& replica) {
            high_watermark = replica.high_watermark();
        };
        co_await run_in_guard(hosted.replica, std::move(look));
        if (hosted.directory != nullptr && high_watermark != kNoOffset) {
            (*watermarks)[hosted.directory][hosted.name] = high_watermark;
        }
    }
    co_return std::move(*watermarks);
}

Task<> MetadataApplier::expire_producers(Timestamp now, std::chrono::milliseconds idle) {
    for (const auto& [key, hosted] : std::map(hosted_)) {
        bool has_more = true;
        while (has_more) {
            auto expire = [&has_more, now, idle](PartitionReplica& replica) {
                has_more = replica.expire_producers(now, idle);
            };
            co_await run_in_guard(hosted.replica, std::move(expire));
        }
    }
}

Task<> MetadataApplier::check_isrs(std::optional<Duration> silence_limit) {
    if (image_ == nullptr) {
        co_return;
    }
    std::vector<BrokerId> active;
    for (const auto& [id, broker] : image_->brokers()) {
        if (broker.is_active()) {
            active.push_back(id);
        }
    }
    for (const auto& [key, hosted] : std::map(hosted_)) {
        const PartitionImage* partition = image_->topic_table().find(key);
        if (partition != nullptr && partition->leader == ports_.replicas.self &&
            partition->replicas.size() > 1) {
            auto check = [&](PartitionReplica& replica) {
                replica.check_isr({active, silence_limit});
            };
            co_await run_in_guard(hosted.replica, std::move(check));
        }
    }
}

Task<> MetadataApplier::stop(std::vector<storage::ClosingLog>& closing) {
    for (const auto& [key, hosted] : hosted_) {
        wire::Refusal reason(ErrorCode::not_leader_or_follower, "the broker is stopping");
        co_await take_offline(hosted.replica, std::move(reason));
        if (hosted.directory == nullptr) {
            continue;
        }
        storage::Log* log = nullptr;
        auto look = [&log](PartitionReplica& replica) { log = replica.closing_log(); };
        co_await run_in_guard(hosted.replica, std::move(look));
        closing.push_back({.directory = hosted.directory, .id = hosted.log, .log = log});
    }
}

}  // namespace hw::broker
