#include "broker/metadata/controller_locator.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "protocol/base/assert.h"

namespace hw::broker {

std::string to_string(const ControllerAddress& controller) {
    if (controller.id == kNoBroker) {
        return "the controller at " + to_string(controller.endpoint);
    }
    return fmt::format("controller {} at {}", controller.id, to_string(controller.endpoint));
}

ControllerLocator::ControllerLocator(std::vector<ControllerAddress> configured)
    : configured_(std::move(configured)) {
    HW_ASSERT(!configured_.empty());
    if (configured_.size() == 1 && configured_[0].id != kNoBroker) {
        active_ = configured_[0];
    }
}

ControllerAddress ControllerLocator::to_ask() const {
    return is_answering() ? *active_ : configured_[turn_];
}

std::optional<Endpoint> ControllerLocator::configured_endpoint(BrokerId id) const {
    const auto found = std::ranges::find(configured_, id, &ControllerAddress::id);
    return found == configured_.end() ? std::nullopt : std::optional(found->endpoint);
}

void ControllerLocator::on_leader(BrokerId leader, LeaderEpoch epoch,
                                  const std::optional<Endpoint>& endpoint) {
    if (epoch < epoch_) {
        return;
    }
    const bool is_newer = epoch > epoch_;
    epoch_ = epoch;
    if (leader == kNoBroker) {
        if (is_newer) {
            set_active(std::nullopt);
        }
        return;
    }
    // What this node was configured with may reach the leader where its own address does not, but a
    // leader that moved is at the address that it says.
    const auto where = endpoint ? endpoint : configured_endpoint(leader);
    if (where) {
        is_doubted_ = false;
        set_active(ControllerAddress(leader, *where));
    }
}

void ControllerLocator::on_no_answer(const ControllerAddress& asked) {
    const bool was_answering = is_answering();
    if (was_answering && active_ != asked) {
        return;  // the answer of an old request
    }
    is_doubted_ = active_.has_value();
    turn_ = (turn_ + 1) % configured_.size();
}

void ControllerLocator::set_active(std::optional<ControllerAddress> active) {
    if (active_ != active) {
        active_ = std::move(active);
        if (tell_change_) {
            tell_change_();
        }
    }
}

}  // namespace hw::broker
