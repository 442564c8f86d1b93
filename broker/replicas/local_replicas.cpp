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

Task<LocalReplicas::HighWatermarks> LocalReplicas::high_watermarks() {
    std::vector<std::pair<LocalReplicaPtr, Offset>> seen;
    for (const auto& [key, local] : std::map(replicas_)) {
        Offset high_watermark = kNoOffset;
        auto look = [&high_watermark](PartitionReplica& replica) {
            high_watermark = replica.high_watermark();
        };
        co_await run_in_guard(shard_, local->replica, std::move(look));
        seen.emplace_back(local, high_watermark);
    }
    HighWatermarks watermarks;
    for (const auto& [local, high_watermark] : seen) {
        if (local->state == LogState::open && !local->is_removed && high_watermark != kNoOffset) {
            watermarks[local->directory][local->name] = high_watermark;
        }
    }
    co_return watermarks;
}

Task<> LocalReplicas::expire_producers(Timestamp now, std::chrono::milliseconds idle) {
    for (const auto& [key, local] : std::map(replicas_)) {
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
    for (const auto& [key, local] : std::map(replicas_)) {
        const controller::PartitionImage* partition = check.image->topic_table().find(key);
        if (partition != nullptr && partition->leader == check.self &&
            partition->replicas.size() > 1) {
            auto run = [&](PartitionReplica& replica) {
                replica.check_isr({active, check.session_end, check.session_timeout});
            };
            co_await run_in_guard(shard_, local->replica, std::move(run));
        }
    }
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
