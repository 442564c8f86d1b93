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

/// How often the replicas of a run came to rare places.
struct ReplicaMarks {
    std::uint64_t truncations = 0;  ///< followers that cut their logs
    std::uint64_t rollbacks = 0;    ///< proposed members of an ISR that were given up
    /// Among these, those whose broker had registered again since.
    std::uint64_t stale_broker_epochs = 0;
    std::uint64_t unclean_elections = 0;

    ReplicaMarks& operator+=(const ReplicaMarks& other) {
        truncations += other.truncations;
        rollbacks += other.rollbacks;
        stale_broker_epochs += other.stale_broker_epochs;
        unclean_elections += other.unclean_elections;
        return *this;
    }
};

/// Checks the replicas of the plan's partitions inside the nodes. A leader epoch has one leader,
/// whose watermark does not go back, and moves only while the ISR is large enough. Each running
/// member of the committed ISR has all records below the highest watermark that any leader has
/// reached, in a `disk` topic on stable storage. The present leader counts all of these members. No
/// watermark is above the end of its log, and that of a follower goes back only after an unclean
/// election, or a loss in a `memory` topic. Keeps the first broken rule.
class ReplicaChecker {
public:
    ReplicaChecker(const Plan& plan, const std::vector<std::unique_ptr<Machine>>& machines,
                   const IsrTracker& tracker);

    /// Call after each step of the machine's node.
    void after_step(const Machine& machine);

    /// The lowest log end of the running in-sync replicas; the highest offset if none runs.
    [[nodiscard]] Offset in_sync_end(PartitionNumber number) const;
    /// How that broker leads the partition, compared to the metadata.
    [[nodiscard]] Leadership leadership(PartitionNumber number, BrokerId broker) const;
    /// Of a partition of the offsets topic: the epoch in which that broker leads it, if that is the
    /// newest and the broker has loaded the groups.
    [[nodiscard]] std::optional<LeaderEpoch> coordinator_epoch(PartitionNumber number,
                                                               BrokerId broker) const;
    [[nodiscard]] ReplicaMarks marks() const;
    [[nodiscard]] const std::optional<std::string>& broken() const { return broken_; }

private:
    /// The replicas are looked at once in this many steps.
    static constexpr std::uint64_t kOneIn = 8;

    struct Lead {
        NodeTag node;
        std::uint64_t life;
        Offset high_watermark;
        PartitionEpoch facts;
    };

    /// A replica as it was at the last look.
    struct Seen {
        std::uint64_t life = 0;
        bool leads = false;
        Offset log_end;
        Offset high_watermark;
        LeaderEpoch epoch;
        PartitionEpoch partition_epoch;
        /// The proposed members, with the registrations with which they fetched.
        std::map<BrokerId, BrokerEpoch> joining;
    };

    void look(const Machine& machine, PartitionNumber number,
              const replication::PartitionReplica& replica);
    [[nodiscard]] bool may_lose(PartitionNumber number) const;
    void compare(const Machine& machine, PartitionNumber number, const Seen& before,
                 const Seen& now);
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
    std::map<std::pair<PartitionNumber, NodeTag>, Seen> seen_;
    ReplicaMarks marks_;
    std::optional<std::string> broken_;
};

}  // namespace hw::sim
