#pragma once

#include <vector>

#include "broker/replicas/hosted_replica.h"
#include "protocol/base/shard.h"

namespace hw::broker {

/// The replicas that have staged batches in this turn of one shard. At the end of the turn each of
/// them writes all of its batches at once.
///
/// One per shard, used only on that shard. Owned by the node; outlives the last turn of the
/// replicas.
class FlushQueue final : public TurnHook {
public:
    explicit FlushQueue(Shard& shard) : shard_(shard) {}

    void add(ReplicaPtr replica) {
        due_.push_back(std::move(replica));
        shard_.at_end_of_turn(TurnStep::apply, *this);
    }

    void at_end_of_turn() override {
        flushing_.swap(due_);
        for (const ReplicaPtr& replica : flushing_) {
            replica->flush(shard_);
        }
        flushing_.clear();
    }

private:
    Shard& shard_;
    std::vector<ReplicaPtr> due_;
    std::vector<ReplicaPtr> flushing_;
};

}  // namespace hw::broker
