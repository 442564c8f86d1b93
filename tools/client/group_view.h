#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/client/client.h"
#include "tools/client/partition_io.h"

/// One group of consumers and its members, as its coordinator describes it. In the classic protocol
/// all members join again at each change, and one of them assigns. In the consumer protocol the
/// coordinator assigns, and leads each member to its target by heartbeats (KIP-848); members that
/// use the classic protocol may be among the others.
namespace hw::client {

struct GroupMember {
    std::string id;
    std::optional<std::string> instance;  ///< of a static member
    std::string client_id;
    std::string host;
    std::vector<PartitionName> partitions;  ///< that it has been assigned

    // Of a member of a group of the consumer protocol. A partition that it has been told to give
    // up is in neither list.
    bool is_classic = false;            ///< it uses the classic protocol itself
    std::int32_t epoch = 0;             ///< of the target that it has reached; kAwayEpoch
    std::vector<PartitionName> target;  ///< that it shall have in the end

    /// What it has and shall not have.
    [[nodiscard]] std::vector<PartitionName> to_give_up() const;
    /// What it shall have and has not yet.
    [[nodiscard]] std::vector<PartitionName> to_get() const;
};

/// The epoch of a static member that has left, and keeps its partitions because it will be back.
inline constexpr std::int32_t kAwayEpoch = -2;

/// The epochs of a group of the consumer protocol.
struct GroupEpochs {
    std::int32_t group = 0;       ///< rises when members or topics change
    std::int32_t assignment = 0;  ///< the epoch that the targets are for
};

struct GroupView {
    std::string name;
    std::string state;
    std::string protocol_type;  ///< "consumer" ...
    std::string protocol;       ///< the assignor; empty: none yet
    BrokerId coordinator = kNoBroker;
    std::optional<GroupEpochs> epochs;  ///< nothing: a group of the classic protocol
    std::vector<GroupMember> members;   ///< sorted by id
};

/// Asks with ConsumerGroupDescribe where the coordinator has that, and with DescribeGroups if there
/// is no such group of the consumer protocol. Errors: not_found, permission, busy (no coordinator
/// within the timeout), those of Client::call.
[[nodiscard]] Result<GroupView> describe_group(Client& client, const std::string& group);

}  // namespace hw::client
