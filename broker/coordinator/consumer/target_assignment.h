#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/assignor/assignor.h"
#include "broker/coordinator/consumer/consumer_member.h"
#include "controller/image/metadata_image.h"

namespace hw::broker {

/// What an assignor is asked: the targets of a consumer group for an epoch. Has copies of all it
/// needs, so that it may be answered on any thread.
struct TargetQuestion {
    std::int32_t epoch = 0;
    std::shared_ptr<const void> ticket = nullptr;  ///< comes back with the answer
    std::string assignor;
    AssignorInput input;
};

/// The target of a member.
struct ComputedTarget {
    std::string member;
    Assignment partitions;
};

/// The targets of a group for an epoch, ascending by member.
struct ComputedTargets {
    std::int32_t epoch = 0;
    std::shared_ptr<const void> ticket = nullptr;
    std::vector<ComputedTarget> members;
};

/// A member to assign to. What it refers to must live during the call.
struct MemberToAssign {
    std::string_view id;
    const MemberDescription* description = nullptr;
    const Assignment* target = nullptr;                     ///< until now
    const std::vector<std::string>* more_topics = nullptr;  ///< that match its pattern; null: none
};

/// The question about these members, ascending by id, with the topics that exist.
[[nodiscard]] AssignorInput assignor_input(const std::vector<MemberToAssign>& members,
                                           const controller::MetadataImage& image);

/// Asks the assignor, whose name must be a known one.
[[nodiscard]] ComputedTargets compute(TargetQuestion question);

}  // namespace hw::broker
