#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test/sim/isr_tracker.h"
#include "test/sim/machine.h"

namespace hw::sim {

/// Checks the replicas of the plan's partitions inside the nodes. A leader epoch has one leader,
/// whose watermark does not go back. Each running member of the committed ISR has all records below
/// the highest watermark that any leader has reached, in a `disk` topic on stable storage. The
/// present leader counts all of these members. Keeps the first broken rule.
class ReplicaChecker {
public:
    ReplicaChecker(const Plan& plan, const std::vector<std::unique_ptr<Machine>>& machines,
                   const IsrTracker& tracker);

    /// Call after each step of the machine's node.
    void after_step(const Machine& machine);

    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }

private:
    /// The replicas are looked at once in this many steps.
    static constexpr std::uint64_t kOneIn = 8;

    struct Lead {
        NodeTag node;
        std::uint64_t life;
        Offset high_watermark;
    };

    [[nodiscard]] const replication::PartitionReplica* replica(const Machine& machine,
                                                               PartitionNumber number) const;
    void check_leader(const Machine& machine, PartitionNumber number,
                      const replication::PartitionLeader& leader);
    void check_members(PartitionNumber number);
    template <class... Args>
    void fail_rule(fmt::format_string<Args...> text, Args&&... args) {
        if (!broken_) {
            broken_ = fmt::format(text, std::forward<Args>(args)...);
        }
    }

    const Plan& plan_;
    const std::vector<std::unique_ptr<Machine>>& machines_;
    const IsrTracker& tracker_;
    std::uint64_t steps_ = 0;
    std::vector<Offset> high_watermarks_;  ///< the highest of each partition
    std::map<std::pair<PartitionNumber, LeaderEpoch>, Lead> leads_;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
