#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "controller/image/metadata_image.h"
#include "test/sim/plan.h"

namespace hw::sim {

/// Follows the in-sync replicas of each partition of the plan, to tell when the last of them that
/// had all acknowledged records lost its power. A `memory` topic promises nothing beyond that.
///
/// A member of the ISR has all acknowledged records, until its machine loses its power. It has them
/// again when it joins the ISR after its next registration. The last member stays in the ISR when
/// it registers again, and does not have them then.
///
/// A leader that is elected from outside of the ISR, where the topic allows that, loses records,
/// too.
///
/// A loss ends when all replicas have the same records again. Until then one that was cut off,
/// paused or down may show what the others have lost. A replica has the records of the others once
/// it is in the ISR of a leader that was elected after the loss.
class IsrTracker {
public:
    enum class Loss : std::uint8_t { power_loss, unclean_election };
    /// Called when records may be lost.
    using OnLoss = std::function<void(PartitionNumber partition, Loss loss)>;
    /// Called when the losses of a partition have ended.
    using OnLossEnd = std::function<void(PartitionNumber partition)>;

    IsrTracker(const Plan& plan, OnLoss on_loss, OnLossEnd on_loss_end);

    /// Call with the committed metadata that a controller knows. Older ones are ignored.
    void after_image(const controller::MetadataImage& image);
    void on_power_loss(NodeTag node);

    /// A partition as the newest metadata have it.
    struct Tracked {
        std::optional<controller::PartitionKey> key;  ///< nothing before it is created
        LeaderEpoch leader_epoch = kNoLeaderEpoch;
        BrokerId leader = kNoBroker;
        std::set<NodeTag> replicas;
        std::set<NodeTag> isr;
        std::set<NodeTag> without_records;         ///< members that lost their power
        std::set<NodeTag> outdated;                ///< replicas that may show what was lost
        LeaderEpoch before_loss = kNoLeaderEpoch;  ///< leaders of later epochs know of the loss
        bool has_lost_records = false;
        std::uint64_t unclean_elections = 0;
    };
    [[nodiscard]] const Tracked& tracked(PartitionNumber number) const {
        return partitions_[number.value()];
    }
    /// The newest registration of a broker.
    [[nodiscard]] BrokerEpoch broker_epoch(NodeTag node) const;

private:
    void take(PartitionNumber number, std::set<NodeTag> isr);
    void note_election(PartitionNumber number, const controller::PartitionImage& partition);
    void note_recovered(PartitionNumber number);
    /// `before`: leaders of later epochs were elected after the loss.
    void begin_loss(PartitionNumber number, Loss loss, LeaderEpoch before);
    /// Has the process ended by a power loss with which the broker is registered?
    [[nodiscard]] bool is_gone(NodeTag node) const;
    void check(PartitionNumber number);

    const Plan& plan_;
    OnLoss on_loss_;
    OnLossEnd on_loss_end_;
    Offset newest_{-1};
    std::map<NodeTag, BrokerEpoch> epochs_;  ///< of the newest registrations
    std::map<NodeTag, BrokerEpoch> lost_;    ///< of those that the power losses ended
    std::vector<Tracked> partitions_;
};

}  // namespace hw::sim
