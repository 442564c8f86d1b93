#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "broker/replicas/hosted_replica.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Enters the guards of many replicas side by side, and waits for all of them.
///
/// Lives in a coroutine on `shard`, where it is used. The work may run on other shards, and later
/// than the end of this object, so it owns what it uses, or its user waits.
class GuardEntries {
public:
    using Work = std::move_only_function<void(replication::PartitionReplica&)>;

    explicit GuardEntries(Shard& shard) : shard_(shard), state_(std::make_shared<State>()) {}
    GuardEntries(const GuardEntries&) = delete;
    GuardEntries& operator=(const GuardEntries&) = delete;

    /// Runs `work` in the guard, now or later, after all work that has entered it before.
    void begin(const ReplicaPtr& replica, Work work);
    /// Waits until all work has run.
    [[nodiscard]] Task<> wait();
    /// Whether so many have been begun since the last wait that work in all replicas should wait
    /// for them, so that it does not hold up others.
    [[nodiscard]] bool should_wait() const { return begun_ >= kSideBySide; }

private:
    static constexpr std::size_t kSideBySide = 64;

    struct State {
        std::size_t inside = 0;
        Signal all_left;
    };

    Shard& shard_;
    std::shared_ptr<State> state_;
    std::size_t begun_ = 0;  ///< since the last wait
};

/// Runs `work` in the guard of one replica and waits for it.
[[nodiscard]] Task<> run_in_guard(Shard& shard, ReplicaPtr replica, GuardEntries::Work work);
/// Waits until a replica that is offline has no write or truncation under way.
[[nodiscard]] Task<> wait_until_idle(Shard& shard, const Clock& clock, ReplicaPtr replica);

}  // namespace hw::broker
