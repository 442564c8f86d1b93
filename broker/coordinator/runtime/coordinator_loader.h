#pragma once

#include <functional>
#include <memory>

#include "broker/coordinator/runtime/coordinator.h"
#include "broker/replicas/hosted_replica.h"
#include "protocol/base/clock.h"
#include "protocol/base/logger.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Loads coordinators: reads their logs on the threads of the data directories, and applies the
/// records on the control shard.
///
/// Owned by the node; lives on the control shard, but `begin` may be called on any shard. `stop`
/// must have ended before it is destroyed.
class CoordinatorLoader {
public:
    /// What to load, and into what.
    struct Job {
        std::weak_ptr<HostedReplica> replica;
        std::weak_ptr<Coordinator> coordinator;
        std::function<Coordinator::Machine()> make;
        std::string name;  ///< of the partition, for messages
        CoordinatorLoad load;
    };

    CoordinatorLoader(Shard& control, const Clock& clock, Logger log)
        : control_(control), clock_(clock), log_(log), tasks_(control) {}
    CoordinatorLoader(const CoordinatorLoader&) = delete;
    CoordinatorLoader& operator=(const CoordinatorLoader&) = delete;

    void begin(Job job);
    /// Ends the loads that are under way, and begins no others.
    [[nodiscard]] Task<> stop();

private:
    using Loaded = Result<Coordinator::Machine>;

    [[nodiscard]] Task<> run(Job job);
    [[nodiscard]] Task<Loaded> load(const std::shared_ptr<HostedReplica>& replica, const Job& job);

    Shard& control_;
    const Clock& clock_;
    Logger log_;
    bool stopping_ = false;
    TaskGroup tasks_;
};

}  // namespace hw::broker
