#pragma once

#include <string_view>

#include "broker/coordinator/group/group_machine.h"

/// How DescribeGroups and ListGroups name states and types of groups, as Kafka does.
namespace hw::broker {

inline constexpr std::string_view kClassicType = "classic";
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

/// A group that has offsets only is empty.
[[nodiscard]] inline std::string_view state_of(const Group& group) {
    return name_of(group.classic == nullptr ? ClassicState::empty : group.classic->state());
}

}  // namespace hw::broker
