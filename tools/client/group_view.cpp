#include "tools/client/group_view.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <utility>

#include "protocol/base/arena.h"
#include "protocol/schema/api/consumer_group_describe.h"
#include "protocol/schema/api/describe_groups.h"
#include "protocol/schema/consumer_protocol.h"
#include "tools/client/group_coordinator.h"

namespace hw::client {
namespace {

using wire::ErrorCode;

constexpr std::string_view kConsumers = "consumer";
/// A member that uses the classic protocol, in ConsumerGroupDescribe.
constexpr std::int8_t kClassicMember = 0;

std::vector<PartitionName> difference(const std::vector<PartitionName>& of,
                                      const std::vector<PartitionName>& without) {
    std::vector<PartitionName> left;
    std::ranges::set_difference(of, without, std::back_inserter(left));
    return left;
}

// --- The classic protocol

std::vector<PartitionName> assigned_to(ByteView assignment) {
    std::vector<PartitionName> partitions;
    Arena arena(assignment.size() * 32 + 4096);
    const auto decoded = schema::decode_assignment(assignment, arena);
    if (!decoded) {
        return partitions;  // of a client that is not a consumer, or empty
    }
    for (const auto& topic : decoded->assignment.assigned_partitions) {
        for (const PartitionIndex partition : topic.partitions) {
            partitions.push_back({std::string(topic.topic), partition});
        }
    }
    std::ranges::sort(partitions);
    return partitions;
}

GroupMember view_of(const schema::DescribeGroupsResponse::Member& member, bool is_consumer) {
    GroupMember view{.id = std::string(member.member_id),
                     .instance = {},
                     .client_id = std::string(member.client_id),
                     .host = std::string(member.client_host),
                     .partitions = {},
                     .target = {}};
    if (!wire::is_null(member.group_instance_id)) {
        view.instance = std::string(member.group_instance_id);
    }
    if (is_consumer) {
        view.partitions = assigned_to(member.member_assignment);
    }
    return view;
}

Result<GroupView> describe_classic(BrokerConnection& broker, const std::string& group,
                                   const Deadline& deadline) {
    const std::array<std::string_view, 1> groups{group};
    schema::DescribeGroupsRequest request;
    request.groups = groups;
    HW_TRY(answer, broker.call<schema::DescribeGroupsResponse>(request, deadline));
    if (answer->groups.size() != 1) {
        return fail(ErrorKind::corrupt, "the answer describes {} groups, not one",
                    answer->groups.size());
    }
    const auto& found = answer->groups[0];
    if (found.error_code != ErrorCode::none) {
        return std::unexpected(group_error(found.error_code, group, found.error_message));
    }
    if (found.group_state == "Dead") {
        return std::unexpected(group_error(ErrorCode::group_id_not_found, group, {}));
    }
    GroupView view{.name = group,
                   .state = std::string(found.group_state),
                   .protocol_type = std::string(found.protocol_type),
                   .protocol = std::string(found.protocol_data),
                   .epochs = {},
                   .members = {}};
    for (const auto& member : found.members) {
        view.members.push_back(view_of(member, found.protocol_type == kConsumers));
    }
    return view;
}

// --- The consumer protocol

std::vector<PartitionName> names_of(
    const schema::ConsumerGroupDescribeResponse::Assignment& assignment) {
    std::vector<PartitionName> partitions;
    for (const auto& topic : assignment.topic_partitions) {
        for (const PartitionIndex partition : topic.partitions) {
            partitions.push_back({std::string(topic.topic_name), partition});
        }
    }
    std::ranges::sort(partitions);
    return partitions;
}

GroupMember view_of(const schema::ConsumerGroupDescribeResponse::Member& member) {
    GroupMember view{.id = std::string(member.member_id),
                     .instance = {},
                     .client_id = std::string(member.client_id),
                     .host = std::string(member.client_host),
                     .partitions = names_of(member.assignment),
                     .is_classic = member.member_type == kClassicMember,
                     .epoch = member.member_epoch,
                     .target = names_of(member.target_assignment)};
    if (!wire::is_null(member.instance_id)) {
        view.instance = std::string(member.instance_id);
    }
    return view;
}

/// Nothing: the coordinator knows no such group of the consumer protocol.
Result<std::optional<GroupView>> describe_consumer(BrokerConnection& broker,
                                                   const std::string& group,
                                                   const Deadline& deadline) {
    using Request = schema::ConsumerGroupDescribeRequest;
    if (!broker.serves(Request::kKey)) {
        return std::nullopt;
    }
    const std::array<std::string_view, 1> groups{group};
    Request request;
    request.group_ids = groups;
    HW_TRY(answer, broker.call<schema::ConsumerGroupDescribeResponse>(request, deadline));
    if (answer->groups.size() != 1) {
        return fail(ErrorKind::corrupt, "the answer describes {} groups, not one",
                    answer->groups.size());
    }
    const auto& found = answer->groups[0];
    // Kafka says UNSUPPORTED_VERSION while the protocol is not enabled.
    if (found.error_code == ErrorCode::group_id_not_found ||
        found.error_code == ErrorCode::unsupported_version) {
        return std::nullopt;
    }
    if (found.error_code != ErrorCode::none) {
        return std::unexpected(group_error(found.error_code, group, found.error_message));
    }
    GroupView view{.name = group,
                   .state = std::string(found.group_state),
                   .protocol_type = std::string(kConsumers),
                   .protocol = std::string(found.assignor_name),
                   .epochs = GroupEpochs{found.group_epoch, found.assignment_epoch},
                   .members = {}};
    for (const auto& member : found.members) {
        view.members.push_back(view_of(member));
    }
    return view;
}

}  // namespace

std::vector<PartitionName> GroupMember::to_give_up() const {
    return difference(partitions, target);
}

std::vector<PartitionName> GroupMember::to_get() const {
    return difference(target, partitions);
}

Result<GroupView> describe_group(Client& client, const std::string& group) {
    const auto ask = [&](BrokerConnection& broker, BrokerId id,
                         const Deadline& deadline) -> Result<GroupView> {
        HW_TRY(view, describe_consumer(broker, group, deadline));
        if (!view) {
            HW_TRY(classic, describe_classic(broker, group, deadline));
            view = std::move(classic);
        }
        view->coordinator = id;
        std::ranges::sort(view->members, {}, &GroupMember::id);
        return *std::move(view);
    };
    return at_coordinator(client, group, Retry::any, ask);
}

}  // namespace hw::client
