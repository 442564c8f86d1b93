#pragma once

#include <memory>
#include <set>
#include <utility>

#include "broker/coordinator/runtime/coordinator.h"
#include "broker/replicas/hosted_replica.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Wakes coordinators at the times that they ask for.
///
/// Owned by the node; lives on the control shard, but `wake_at` may be called on any shard. `stop`
/// must have ended before it is destroyed.
class CoordinatorTimer {
public:
    CoordinatorTimer(Shard& control, const Clock& clock)
        : control_(control), clock_(clock), tasks_(control) {}
    CoordinatorTimer(const CoordinatorTimer&) = delete;
    CoordinatorTimer& operator=(const CoordinatorTimer&) = delete;

    /// Calls Coordinator::on_time of the replica's listener at `time`.
    void wake_at(TimePoint time, std::weak_ptr<HostedReplica> replica);
    [[nodiscard]] Task<> stop();

private:
    struct Wake {
        TimePoint time;
        std::uint64_t number;  ///< those of one time in the order of asking
        std::weak_ptr<HostedReplica> replica;

        bool operator<(const Wake& other) const {
            return std::pair(time, number) < std::pair(other.time, other.number);
        }
    };

    void add(Wake wake);
    [[nodiscard]] Task<> run();
    void wake(const std::weak_ptr<HostedReplica>& replica);

    Shard& control_;
    const Clock& clock_;
    std::set<Wake> wakes_;
    std::uint64_t count_ = 0;
    Signal changed_;
    bool is_running_ = false;
    bool stopping_ = false;
    TaskGroup tasks_;
};

}  // namespace hw::broker
