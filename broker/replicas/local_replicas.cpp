#include "broker/replicas/local_replicas.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "broker/replicas/guard_entries.h"

namespace hw::broker {

using replication::PartitionReplica;

namespace {

bool awaits_log(const LocalReplica& local) {
    return local.state == LogState::awaited || local.state == LogState::creating;
}

}  // namespace

bool LocalReplicas::any_awaits_log() const {
    return std::ranges::any_of(replicas_,
                               [](const auto& each) { return awaits_log(*each.second); });
}

std::vector<LocalReplicaPtr> LocalReplicas::listed() const {
    std::vector<LocalReplicaPtr> listed;
    listed.reserve(replicas_.size());
    for (const auto& [key, local] : replicas_) {
        listed.push_back(local);
    }
    return listed;
}

Task<LocalReplicas::HighWatermarks> LocalReplicas::high_watermarks() {
    const std::vector<LocalReplicaPtr> seen = listed();
    std::vector<Offset> offsets(seen.size(), kNoOffset);
    GuardEntries entries(shard_);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        entries.begin(seen[i]->replica, [&offset = offsets[i]](PartitionReplica& replica) {
            offset = replica.high_watermark();
        });
        if (entries.should_wait()) {
            co_await entries.wait();
        }
    }
    co_await entries.wait();
    HighWatermarks watermarks;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const LocalReplica& local = *seen[i];
        if (local.state == LogState::open && !local.is_removed && offsets[i] != kNoOffset) {
            watermarks[local.directory][local.name] = offsets[i];
        }
    }
    co_return watermarks;
}

Task<> LocalReplicas::expire_producers(Timestamp now, std::chrono::milliseconds idle) {
    for (const LocalReplicaPtr& local : listed()) {
        bool has_more = true;
        while (has_more) {
            auto expire = [&has_more, now, idle](PartitionReplica& replica) {
                has_more = replica.expire_producers(now, idle);
            };
            co_await run_in_guard(shard_, local->replica, std::move(expire));
        }
    }
}

Task<> LocalReplicas::check_isrs(IsrCheck check) {
    std::vector<BrokerId> active;
    for (const auto& [id, broker] : check.image->brokers()) {
        if (broker.is_active()) {
            active.push_back(id);
        }
    }
    GuardEntries entries(shard_);
    for (const LocalReplicaPtr& local : listed()) {
        const controller::PartitionImage* partition = check.image->topic_table().find(local->key);
        if (partition != nullptr && partition->leader == check.self &&
            partition->replicas.size() > 1) {
            entries.begin(local->replica, [&](PartitionReplica& replica) {
                replica.check_isr({active, check.session_end, check.session_timeout});
            });
            if (entries.should_wait()) {
                co_await entries.wait();
            }
        }
    }
    co_await entries.wait();
}

Task<> LocalReplicas::refuse_early_appends() {
    GuardEntries entries(shard_);
    for (const auto& [key, local] : replicas_) {
        if (awaits_log(*local)) {
            entries.begin(local->replica,
                          [](PartitionReplica& replica) { replica.refuse_early_appends(); });
        }
    }
    co_await entries.wait();
}

}  // namespace hw::broker
