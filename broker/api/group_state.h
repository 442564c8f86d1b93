#pragma once

#include <string_view>

#include "broker/coordinator/group/group_machine.h"

/// How DescribeGroups and ListGroups name states and types of groups, as Kafka does.
namespace hw::broker {

inline constexpr std::string_view kClassicType = "classic";
inline constexpr std::string_view kConsumerType = "consumer";
inline constexpr std::string_view kDeadState = "Dead";

[[nodiscard]] constexpr std::string_view name_of(ClassicState state) {
    switch (state) {
        case ClassicState::empty:
            return "Empty";
        case ClassicState::preparing:
            return "PreparingRebalance";
        case ClassicState::completing:
            return "CompletingRebalance";
        case ClassicState::stable:
            return "Stable";
    }
    return kDeadState;
}

[[nodiscard]] constexpr std::string_view name_of(ConsumerState state) {
    switch (state) {
        case ConsumerState::empty:
            return "Empty";
        case ConsumerState::assigning:
            return "Assigning";
        case ConsumerState::reconciling:
            return "Reconciling";
        case ConsumerState::stable:
            return "Stable";
    }
    return kDeadState;
}

/// A group that has offsets only is empty.
[[nodiscard]] inline std::string_view state_of(const Group& group) {
    if (group.consumer != nullptr) {
        return name_of(group.consumer->state());
    }
    return name_of(group.classic == nullptr ? ClassicState::empty : group.classic->state());
}

[[nodiscard]] inline std::string_view type_of(const Group& group) {
    return group.consumer != nullptr ? kConsumerType : kClassicType;
}

}  // namespace hw::broker
