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
/// again when it joins the ISR after its next registration.
class IsrTracker {
public:
    /// Called when records may be lost.
    using OnLoss = std::function<void(PartitionNumber partition)>;

    IsrTracker(const Plan& plan, OnLoss on_loss);

    /// Call with the committed metadata that a controller knows. Older ones are ignored.
    void after_image(const controller::MetadataImage& image);
    void on_power_loss(NodeTag node);

    /// A partition as the newest metadata have it.
    struct Tracked {
        std::optional<controller::PartitionKey> key;  ///< nothing before it is created
        LeaderEpoch leader_epoch = kNoLeaderEpoch;
        std::set<NodeTag> isr;
        std::set<NodeTag> without_records;  ///< members that lost their power
        bool has_lost_records = false;
    };
    [[nodiscard]] const Tracked& tracked(PartitionNumber number) const {
        return partitions_[number.value()];
    }

private:
    void take(PartitionNumber number, std::set<NodeTag> isr);
    void check(PartitionNumber number);

    const Plan& plan_;
    OnLoss on_loss_;
    Offset newest_{-1};
    std::map<NodeTag, BrokerEpoch> epochs_;  ///< of the newest registrations
    std::map<NodeTag, BrokerEpoch> lost_;    ///< of those that the power losses ended
    std::vector<Tracked> partitions_;
};

}  // namespace hw::sim
