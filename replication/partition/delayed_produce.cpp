#include "replication/partition/delayed_produce.h"

#include <utility>

#include "protocol/base/assert.h"

namespace hw::replication {

void ProduceSlot::answer(std::shared_ptr<ProduceSlot> slot, ProduceOutcome outcome) {
    slot->outcome_ = std::move(outcome);
    Shard& shard = slot->wait_->shard();
    shard.post([slot = std::move(slot)] { slot->wait_->arrive(*slot); });
}

void ProduceSlot::release(std::shared_ptr<ProduceSlot> slot) {
    Shard& shard = slot->wait_->shard();
    shard.post([slot = std::move(slot)] {});
}

DelayedProduce::DelayedProduce(Shard& shard, std::size_t partitions,
                               std::shared_ptr<const void> request, Done done)
    : DelayedRequest(shard, std::move(done)),
      slots_(partitions),
      missing_(partitions),
      request_(std::move(request)) {
    HW_ASSERT(partitions > 0);
    for (ProduceSlot& slot : slots_) {
        slot.wait_ = this;
    }
}

WaitHandle<DelayedProduce> DelayedProduce::begin(Shard& shard, std::size_t partitions,
                                                 std::shared_ptr<const void> request, Done done) {
    return WaitHandle(
        std::make_shared<DelayedProduce>(shard, partitions, std::move(request), std::move(done)));
}

std::shared_ptr<ProduceSlot> DelayedProduce::slot(std::size_t index) {
    return {shared_from_this(), &slots_.at(index)};
}

ProduceOutcome DelayedProduce::outcome(std::size_t index) const {
    const ProduceSlot& slot = slots_.at(index);
    if (slot.arrived_) {
        return slot.outcome_;
    }
    ProduceOutcome late;
    late.code = wire::ErrorCode::request_timed_out;
    late.message =
        "the records were not acknowledged within the request's timeout.ms; they may still be "
        "written and "
        "replicated";
    return late;
}

void DelayedProduce::arrive(ProduceSlot& slot) {
    if (ended()) {
        return;
    }
    slot.arrived_ = true;
    if (--missing_ == 0) {
        end();
    }
}

}  // namespace hw::replication
