#include "test/unit/seam/seam_model.h"

#include <utility>

#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

constexpr bool kUsed = false;  ///< Guarded calls only `post` of a shard

}  // namespace

void Visited::visit() {
    history_->require(memory_.touch(), "work has not seen the work before it");
    model::Explorer::active().step({.place = this, .writes = true});
}

void ModelShard::spawn(Task<>) {
    HW_ASSERT(kUsed);
}

void ModelShard::at_end_of_turn(TurnStep, TurnHook&) {
    HW_ASSERT(kUsed);
}

Task<Woken> ModelShard::wait(Signal&, TimePoint) {
    HW_ASSERT(kUsed);
    std::unreachable();
}

std::move_only_function<void()> ModelShard::take_turn() {
    auto turn = std::move(turns_.front());
    turns_.pop_front();
    return turn;
}

}  // namespace hw::broker
