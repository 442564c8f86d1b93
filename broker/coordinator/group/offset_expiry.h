#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/group/group_machine.h"
#include "controller/image/metadata_image.h"
#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw::broker {

/// What may happen to a committed offset. `if_read`: it is removed if the group has read all of the
/// partition. Otherwise the group would begin again, or skip records, when it comes back.
/// `orphaned`: its topic was deleted, perhaps created again under the same name.
enum class Expiry : std::uint8_t { no, if_read, yes, orphaned };

/// What decides on the expiry of offsets.
struct ExpiryRules {
    std::chrono::milliseconds
        retention{};  ///< offsets.retention.minutes; a commit of an old client has its own
    Timestamp now;
    const controller::MetadataImage* image = nullptr;  ///< has the topics
    bool only_orphaned = false;
};

/// The retention begins with the commit, or when the group lost its last member, whatever came
/// later. Offsets of groups with members are kept, unless they are orphaned. After ten times the
/// retention unread records do not matter any more.
[[nodiscard]] Expiry expiry_of(const Group& group, std::string_view topic,
                               const CommittedOffset& committed, const ExpiryRules& rules);

/// A committed offset, to be removed if it is still the same then.
struct ExpiredOffset {
    std::string group;
    std::string topic;
    PartitionIndex partition;
    Offset offset;
    Timestamp committed_at;
    Expiry expiry = Expiry::yes;
};

/// Some of the groups of a coordinator.
struct ExpiryPage {
    std::vector<ExpiredOffset> offsets;
    std::vector<std::string> unused_groups;  ///< without offsets and members
    std::string last;                        ///< the next page begins after this group
    bool is_end = false;                     ///< there are no further groups
};

/// Looks at the groups after `after`, until `max` groups and offsets were seen. A group is never
/// divided.
[[nodiscard]] ExpiryPage find_expired(const GroupMachine& machine, std::string_view after,
                                      std::size_t max, const ExpiryRules& rules);

/// Removes those of the offsets that are still the same, of groups that still have no members if
/// they are not orphaned, and what is left of groups without offsets and members.
[[nodiscard]] CoordinatorRecords remove_expired(const GroupMachine& machine,
                                                std::span<const ExpiredOffset> offsets,
                                                std::span<const std::string> unused_groups);

}  // namespace hw::broker
