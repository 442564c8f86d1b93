#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "broker/coordinator/assignor/assignor.h"

namespace hw::broker {

/// Members with the same subscription in the same rack, so that each may stand in for any other.
struct MemberClass {
    std::vector<std::uint32_t> members;
    std::optional<std::uint16_t> rack;
};

/// Partitions of topics with the same subscribers, with replicas in the same racks.
struct PartitionClass {
    std::uint32_t audience = 0;
    std::vector<std::uint16_t> racks;  ///< ascending, each once
    bool can_be_near = false;          ///< a subscriber is in one of the racks
};

/// The input of an assignor, with numbers in place of names: members and topics are counted in the
/// order of the input, partitions from the first of the first topic to the last of the last one.
/// Racks are left out if they make no difference. Immutable once made.
struct AssignmentModel {
    static constexpr std::uint32_t kNone = UINT32_MAX;

    std::vector<MemberClass> member_classes;
    std::vector<PartitionClass> partition_classes;
    /// Sets of subscribers: numbers of member classes, ascending. One of them may be empty.
    std::vector<std::vector<std::uint32_t>> audiences;
    std::vector<std::uint32_t> class_of_member;
    std::vector<std::uint32_t> class_of_partition;
    /// By topic: the number of its first partition. Then the number of all partitions.
    std::vector<std::uint32_t> first_partitions;
    bool has_racks = false;

    [[nodiscard]] std::uint32_t partition_count() const { return first_partitions.back(); }
    [[nodiscard]] const std::vector<std::uint32_t>& audience_of(std::uint32_t partition) const {
        return audiences[partition_classes[class_of_partition[partition]].audience];
    }
    /// Members of the class subscribe to partitions of this class.
    [[nodiscard]] bool may_own(std::uint32_t member_class, std::uint32_t partition_class) const;
    /// Members of the class are in the rack of a replica of partitions of this class.
    [[nodiscard]] bool is_near(std::uint32_t member_class, std::uint32_t partition_class) const;
};

[[nodiscard]] AssignmentModel make_assignment_model(const AssignorInput& input);

}  // namespace hw::broker
