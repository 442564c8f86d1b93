#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/assignor/assignment.h"
#include "protocol/base/ids.h"

/// Server-side assignors of consumer groups (KIP-848): functions that divide the partitions of
/// topics among the members of a group. They depend on their input alone, keep nothing, and may run
/// on any thread.
///
/// All of them assign each partition of each topic that somebody subscribes to exactly once, and
/// only to a member that subscribes to it. Partitions in `current` that do not exist, or whose
/// topic the member does not subscribe to any more, are ignored. If `current` of several members
/// has the same partition, the first one counts as its owner.
namespace hw::broker {

struct AssignorTopic {
    TopicId id;
    std::int32_t partitions = 0;  ///< not negative
    /// By partition: the racks of its replicas, as numbers that the caller gives to racks; the same
    /// number is the same rack as in AssignorMember. Empty: not known.
    std::vector<std::vector<std::uint16_t>> racks;
};

struct AssignorMember {
    std::string id;
    std::optional<std::string> instance;  ///< of a static member (KIP-345)
    std::optional<std::uint16_t> rack;
    /// Indexes into AssignorInput::topics, ascending, each once; null: none. Members with the same
    /// subscription share it, which saves memory and time.
    std::shared_ptr<const std::vector<std::uint32_t>> topics;
    Assignment current;  ///< the target until now
};

struct AssignorInput {
    std::vector<AssignorTopic> topics;    ///< ascending by id, each once
    std::vector<AssignorMember> members;  ///< ascending by id, each once
};

/// The assignments of the members, in their order.
using Assignor = std::vector<Assignment> (*)(const AssignorInput&);

/// *uniform*: as balanced as possible, then near in racks, then sticky. Precisely, in this order:
///
/// 1. Balance. The sum of the squares of the members' numbers of partitions is the least that the
///    subscriptions permit. In other words, no partition can be moved, directly or by a chain of
///    moves through other members, from one member to another that has at least two fewer. Members
///    with equal subscriptions therefore differ by at most one partition.
/// 2. Racks. A partition is near if its member is in the rack of one of its replicas. No move and
/// no
///    exchange of two partitions that keeps the balance leaves more of them near, nor does a longer
///    chain in which every partition but the last goes to where it is near. With equal
///    subscriptions no balanced assignment has more partitions near.
/// 3. Stickiness. Partitions stay with the member that has them in `current`. With equal
///    subscriptions and without racks, the fewest possible change owner. Otherwise no partition can
///    be given back to its earlier owner, by a move or an exchange, without loss of the above.
///
/// Racks come before stickiness, because a partition moves once, but is read from another rack for
/// as long as it stays there. An assignment that was made by this function for the same topics and
/// members is not changed.
///
/// Cost with P partitions and M members of equal subscriptions: about P log M. Members of
/// different subscriptions cost more, at worst the sum of the subscriptions' lengths for each moved
/// partition.
[[nodiscard]] std::vector<Assignment> assign_uniform(const AssignorInput& input);

/// *range*, as in Kafka 4: each topic alone is divided into contiguous ranges, one for each of its
/// subscribers, and the first of them get one partition more if the number is uneven. So with equal
/// subscriptions and equal numbers of partitions, a member gets the same partitions of all topics,
/// for joins. Static members come first, ordered by instance id, then the others, ordered by member
/// id. It is sticky in that only: neither `current` nor racks count, as in Kafka.
[[nodiscard]] std::vector<Assignment> assign_range(const AssignorInput& input);

/// The assignor of this name ("uniform", "range"); null if there is none.
[[nodiscard]] Assignor find_assignor(std::string_view name);

/// For error messages: "uniform, range".
[[nodiscard]] std::string assignor_names();

}  // namespace hw::broker
