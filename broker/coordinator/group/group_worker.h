#pragma once

#include <memory>
#include <string>

#include "broker/coordinator/consumer/group_question.h"
#include "broker/replicas/hosted_replica.h"
#include "protocol/base/clock.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// Answers the questions of consumer groups outside of the guards of the coordinators, on a shard
/// for long computations.
///
/// Owned by the node; lives on the control shard, but `ask` may be called on any shard. `stop` must
/// have ended before it is destroyed.
class GroupWorker {
public:
    struct Job {
        std::weak_ptr<HostedReplica> replica;  ///< with the coordinator
        std::string group;
        GroupQuestion question;
    };

    /// `worker` may be the control shard.
    GroupWorker(Shard& control, Shard& worker, const Clock& clock)
        : control_(control), worker_(worker), clock_(clock), tasks_(control) {}
    GroupWorker(const GroupWorker&) = delete;
    GroupWorker& operator=(const GroupWorker&) = delete;

    /// The answer goes to the group, if its coordinator still lives.
    void ask(Job job);
    /// Waits for the answers that are under way, and asks nothing any more.
    [[nodiscard]] Task<> stop();

private:
    [[nodiscard]] Task<> run(Job job);
    [[nodiscard]] Task<GroupAnswer> ask_worker(GroupQuestion question);

    Shard& control_;
    Shard& worker_;
    const Clock& clock_;
    bool stopping_ = false;
    TaskGroup tasks_;
};

}  // namespace hw::broker
