#include "broker/replicas/metadata_applier.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "broker/net/long_loop.h"
#include "broker/replicas/topic_options.h"
#include "controller/image/topic_image.h"

namespace hw::broker {

using controller::PartitionImage;
using replication::PartitionReplica;
using storage::TopicPartition;
using wire::ErrorCode;

namespace {

constexpr const char* kDeleted = "its topic was deleted";
/// Partitions of one update that are handled before other work of the shard has its turn.
constexpr std::size_t kPartitionsPerTurn = 256;
/// Interval at which appends that wait for a log are checked.
constexpr Duration kEarlyCheck = std::chrono::milliseconds(50);

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

void leave_role(const LocalReplica& local, wire::Refusal reason, GuardEntries& entries) {
    entries.begin(local.replica, [reason = std::move(reason)](PartitionReplica& replica) {
        replica.become_offline(reason);
    });
}

}  // namespace

MetadataApplier::MetadataApplier(Ports ports, storage::OpenedLogs found)
    : ports_(std::move(ports)),
      shard_(ports_.replicas.home),
      places_(ports_.logs, ports_.config.storage, ports_.replicas.self, std::move(found)),
      replicas_(shard_),
      files_({.shard = shard_,
              .clock = ports_.replicas.clock,
              .log = ports_.log,
              .logs = ports_.logs,
              .take_log =
                  [this](LocalReplicaPtr local, Result<storage::OpenedLog> created) {
                      return take_log(std::move(local), std::move(created));
                  },
              .tell_removed = [this](auto& directory) { places_.remove(directory); }}),
      troubles_(ports_.log, ports_.replicas.clock),
      tasks_(shard_) {
    ports_.replicas.on_damage = [this](const Key& key, const Error& reason) {
        tasks_.spawn(take_damage(key, reason));
    };
}

void MetadataApplier::begin_stop() {
    stopping_ = true;
    files_.begin_stop();
}

Task<> MetadataApplier::apply(MetadataUpdate update) {
    image_ = update.image;
    GuardEntries entries(shard_);
    remove_deleted(update, entries);
    remove_unassigned(update, entries);
    change_options(update, entries);
    std::vector<Key> keys = assigned(update);
    if (is_registered()) {
        std::ranges::copy_if(std::exchange(leading_later_, {}), std::back_inserter(keys),
                             [this](const Key& key) { return replicas_.find(key) != nullptr; });
    }
    if (update.is_first) {
        co_await settle_missing(keys);
        unsettled_.insert(keys.begin(), keys.end());
        progress_ = {.done = 0, .all = unsettled_.size()};
    }
    co_await update_partitions(std::move(keys), entries);
    co_await entries.wait();
    if (stopping_) {
        co_return;
    }
    if (is_registered() && !std::exchange(strays_are_taken_, true)) {
        set_strays_aside();
    }
    co_await publish();
    published_ = update.image->last_offset();
    tell_applied();
    if (ports_.listeners != nullptr && !update.changes.deleted_topics.empty()) {
        ports_.listeners->tell_deleted_topics();
    }
}

void MetadataApplier::set_strays_aside() {
    places_.report_unused(ports_.log);
    for (LogPlaces::Stray& stray : places_.take_strays(*image_)) {
        files_.set_aside(*stray.directory, std::move(stray.name), std::move(stray.why));
    }
    for (LocalReplicaPtr& local : std::exchange(held_, {})) {
        files_.create(std::move(local));
    }
}

void MetadataApplier::remove_deleted(const MetadataUpdate& update, GuardEntries& entries) {
    const auto& deleted = update.changes.deleted_topics;
    if (deleted.empty()) {
        return;
    }
    std::vector<Key> gone;
    for (const auto& [key, local] : replicas_.all()) {
        if (deleted.contains(key.topic)) {
            gone.push_back(key);
        }
    }
    for (const Key& key : gone) {
        remove(key, kDeleted, entries);
    }
    for (const storage::FailedLog& damaged : places_.take_failed_of(deleted)) {
        remove_damaged(damaged, kDeleted);
    }
    // Logs of topics that were deleted while this broker was down, or just before it ended.
    for (const storage::OpenedLog& found : places_.take_found_of(deleted)) {
        files_.remove(*found.directory, found.name, kDeleted);
    }
}

void MetadataApplier::remove_unassigned(const MetadataUpdate& update, GuardEntries& entries) {
    for (const Key& key : update.changes.partitions) {
        const PartitionImage* partition = update.image->topic_table().find(key);
        if (replicas_.find(key) != nullptr &&
            std::ranges::count(partition->replicas, ports_.replicas.self) == 0) {
            remove(key, "it is no longer assigned to this broker", entries);
        }
    }
}

void MetadataApplier::remove(const Key& key, const std::string& why, GuardEntries& entries) {
    const LocalReplicaPtr local = replicas_.find(key);
    replicas_.erase(key);
    local->is_removed = true;
    changes_[key] = {};
    leave_role(*local, {ErrorCode::unknown_topic_or_partition, "the partition is gone: " + why},
               entries);
    if (local->state == LogState::failed) {
        if (const auto damaged = places_.take_failed(key)) {
            remove_damaged(*damaged, why);
        }
    } else if (local->state != LogState::awaited) {
        files_.remove(local, why);
    }
    settle(key);
}

void MetadataApplier::remove_damaged(const storage::FailedLog& damaged, const std::string& why) {
    if (!damaged.directory->failure()) {
        files_.remove(*damaged.directory, damaged.name, why);
    }
}

void MetadataApplier::change_options(const MetadataUpdate& update, GuardEntries& entries) {
    if (update.changes.configs.empty()) {
        return;
    }
    for (const auto& [key, local] : replicas_.all()) {
        const controller::ConfigResource resource{controller::ConfigResourceType::topic,
                                                  local->name.topic};
        if (!update.changes.configs.contains(resource)) {
            continue;
        }
        auto options = options_of(local->name.topic, *image_->topic_table().find(key));
        changes_[key] = {.replica = local->replica, .options = options};
        entries.begin(local->replica,
                      [options](PartitionReplica& replica) { replica.set_options(options); });
    }
}

Task<> MetadataApplier::settle_missing(const std::vector<Key>& assigned) {
    std::map<TopicPartition, Key> keys;
    for (const Key& key : assigned) {
        keys.emplace(TopicPartition{image_->find_topic(key.topic)->name, key.index}, key);
    }
    for (const storage::MissingLog& log : places_.take_missing()) {
        if (stopping_) {
            co_return;
        }
        const auto key = keys.find(log.name);
        if (key == keys.end() || places_.has_found(key->second)) {
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
        places_.add_failed(key->second,
                           {log.name, key->second.topic, log.directory, std::move(reason)});
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

Task<> MetadataApplier::update_partitions(std::vector<Key> keys, GuardEntries& entries) {
    LongLoop loop(kPartitionsPerTurn);
    std::vector<Key> added;
    for (const Key& key : keys) {
        if (const LocalReplicaPtr local = replicas_.find(key)) {
            set_role(*local, entries);
        } else {
            added.push_back(key);
        }
        if (loop.is_over()) {
            co_await let_others_run(shard_);
        }
    }
    for (const Key& key : added) {
        if (stopping_) {
            co_return;
        }
        add(key, *image_->topic_table().find(key), entries);
        if (loop.is_over()) {
            co_await let_others_run(shard_);
        }
    }
}

void MetadataApplier::set_role(const LocalReplica& local, GuardEntries& entries) {
    const PartitionImage* partition = image_->topic_table().find(local.key);
    if (partition == nullptr || local.state != LogState::open || local.directory->failure()) {
        return;  // It gets its role with its log, or it is offline and answers with the reason.
    }
    const BrokerId leader = partition->leader;
    if (leader == ports_.replicas.self && !is_registered()) {
        leading_later_.insert(local.key);
        leave_role(local, {ErrorCode::not_leader_or_follower, "this process is not registered yet"},
                   entries);
    } else if (leader == ports_.replicas.self) {
        entries.begin(local.replica, [facts = facts_of(*partition)](PartitionReplica& replica) {
            replica.become_leader(facts);
        });
    } else if (leader != kNoBroker) {
        entries.begin(local.replica,
                      [facts = facts_of(*partition), leader](PartitionReplica& replica) {
                          replica.become_follower(facts, leader);
                      });
    } else {
        leave_role(local,
                   {ErrorCode::not_leader_or_follower,
                    "the partition has no leader: no replica that may lead it is in service"},
                   entries);
    }
}

void MetadataApplier::add(const Key& key, const PartitionImage& partition, GuardEntries& entries) {
    const std::string& topic = image_->find_topic(key.topic)->name;
    auto options = options_of(topic, partition);
    const auto local = std::make_shared<LocalReplica>(
        LocalReplica{.key = key,
                     .name = TopicPartition{topic, key.index},
                     .replica = std::make_shared<HostedReplica>(ports_.replicas, key, options)});
    if (ports_.listeners != nullptr) {
        if (auto listener = ports_.listeners->make_listener(local->replica, local->name)) {
            local->replica->set_listener(std::move(listener));
        }
    }
    replicas_.add(local);
    changes_[key] = {.replica = local->replica, .options = std::move(options)};
    if (auto found = places_.take_found(key)) {
        local->directory = found->directory;
        places_.add(*found->directory);
        if (const auto failure = found->directory->failure()) {
            go_offline(*local, LogState::failed, *failure, entries);
        } else {
            open(*local, std::move(*found), entries);
        }
        return;
    }
    if (const auto failure = places_.failure_of(key)) {
        go_offline(*local, LogState::failed, *failure, entries);
        return;
    }
    const auto directory = places_.choose(partition);
    if (!directory) {
        go_offline(*local, LogState::failed, directory.error(), entries);
        return;
    }
    local->directory = *directory;
    places_.add(**directory);
    if (places_.may_be_occupied(**directory, local->name)) {
        held_.push_back(local);
    } else {
        files_.create(local);
    }
    if (!std::exchange(refuses_early_, true)) {
        tasks_.spawn(refuse_early_appends());
    }
}

MetadataApplier::Options MetadataApplier::options_of(const std::string& topic,
                                                     const PartitionImage& partition) {
    const std::size_t replicas = partition.replicas.size();
    if (last_options_.image != image_ || last_options_.topic != topic ||
        last_options_.replicas != replicas) {
        const auto settings = topic_config_of(*image_, topic, ports_.config.settings, ports_.log);
        last_options_ = {
            image_, topic, replicas,
            std::make_shared<const replication::PartitionOptions>(partition_options_of(
                settings, static_cast<std::int32_t>(replicas), ports_.config.produce.validation))};
    }
    return last_options_.options;
}

Task<> MetadataApplier::take_log(LocalReplicaPtr local, Result<storage::OpenedLog> created) {
    if (local->is_removed) {
        co_return;
    }
    GuardEntries entries(shard_);
    if (created && !local->directory->failure()) {
        open(*local, std::move(*created), entries);
    } else {
        const Error reason = created ? *local->directory->failure() : created.error();
        places_.remove(*local->directory);
        go_offline(*local, LogState::failed, reason, entries);
        if (tell_failed_) {
            tell_failed_(local->key);
        }
    }
    co_await entries.wait();
}

void MetadataApplier::open(LocalReplica& local, storage::OpenedLog opened, GuardEntries& entries) {
    storage::LogDirectory& directory = *opened.directory;
    const auto settings =
        topic_config_of(*image_, local.name.topic, ports_.config.settings, ports_.log);
    auto log_options = log_options_of(settings);
    log_options.gaps = gaps_of(*image_, local.name.topic, ports_.config.settings);
    auto context =
        local.replica->log_context(ports_.disk, ports_.log.named("storage"), log_options);
    auto log = std::make_unique<storage::Log>(std::move(context), std::move(opened.contents));
    local.log = directory.add(local.name, local.replica, log->durable_end_offset());
    local.replica->set_directory(directory, local.log);
    local.state = LogState::open;
    entries.begin(local.replica, [log = std::move(log), high_watermark = opened.high_watermark](
                                     PartitionReplica& replica) mutable {
        replica.open(std::move(log), high_watermark);
    });
    set_role(local, entries);
    settle(local.key);
}

Task<> MetadataApplier::take_damage(Key key, Error reason) {
    const LocalReplicaPtr local = replicas_.find(key);
    if (stopping_ || local == nullptr || local->state != LogState::open) {
        co_return;
    }
    GuardEntries entries(shard_);
    go_offline(*local, LogState::damaged, reason, entries);
    if (tell_failed_) {
        tell_failed_(key);
    }
    co_await entries.wait();
}

void MetadataApplier::go_offline(LocalReplica& local, LogState state, const Error& reason,
                                 GuardEntries& entries) {
    local.state = state;
    troubles_.error("{} is offline: {}", local.name, reason.message);
    leave_role(local, {ErrorCode::kafka_storage_error, reason.message}, entries);
    settle(local.key);
}

void MetadataApplier::settle(const Key& key) {
    if (unsettled_.erase(key) == 0) {
        return;
    }
    progress_.done = progress_.all - unsettled_.size();
    if (unsettled_.empty()) {
        tell_applied();
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

void MetadataApplier::tell_applied() {
    if (published_ && unsettled_.empty() && !stopping_) {
        ports_.tell_applied(*published_);
    }
}

/// Runs as long as a replica waits for its log. Before the first logs are open no client is served.
Task<> MetadataApplier::refuse_early_appends() {
    while (!has_stopped_ && replicas_.any_awaits_log()) {
        co_await shard_.wait(ended_, ports_.replicas.clock.now() + kEarlyCheck);
        if (unsettled_.empty()) {
            co_await replicas_.refuse_early_appends();
        }
    }
    refuses_early_ = false;
}

Task<> MetadataApplier::check_isrs(TimePoint session_end, Duration session_timeout) {
    if (image_ != nullptr) {
        const IsrCheck check{image_, ports_.replicas.self, session_end, session_timeout};
        co_await replicas_.check_isrs(check);
    }
}

Task<> MetadataApplier::stop(std::vector<storage::ClosingLog>& closing) {
    stopping_ = true;
    auto all = co_await files_.stop();
    for (const auto& [key, local] : replicas_.all()) {
        all.push_back(local);
    }
    GuardEntries entries(shard_);
    for (const LocalReplicaPtr& local : all) {
        leave_role(*local, {ErrorCode::not_leader_or_follower, "the broker is stopping"}, entries);
    }
    co_await entries.wait();
    for (const LocalReplicaPtr& local : all) {
        if (!local->has_log()) {
            continue;
        }
        co_await wait_until_idle(shard_, ports_.replicas.clock, local->replica);
        storage::Log* log = nullptr;
        auto look = [&log](PartitionReplica& replica) { log = replica.closing_log(); };
        co_await run_in_guard(shard_, local->replica, std::move(look));
        closing.push_back({.directory = local->directory, .id = local->log, .log = log});
    }
    has_stopped_ = true;
    ended_.set();
    co_await tasks_.wait_idle();
}

}  // namespace hw::broker
