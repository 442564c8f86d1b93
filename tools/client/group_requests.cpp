#include "tools/client/group_requests.h"

#include <array>
#include <map>

#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/leave_group.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/sync_group.h"
#include "tools/client/group_codec.h"
#include "tools/client/group_coordinator.h"

namespace hw::client {
namespace {

using wire::ErrorCode;

/// An error for a code that another coordinator may not answer, or the same one later. The member
/// gets other codes in the answer.
Result<void> check_coordinator(ErrorCode code, const std::string& group) {
    switch (code) {
        case ErrorCode::coordinator_load_in_progress:
        case ErrorCode::coordinator_not_available:
        case ErrorCode::not_coordinator:
            return std::unexpected(group_error(code, group, {}));
        default:
            return {};
    }
}

}  // namespace

Result<JoinAnswer> join_group(Client& client, const MemberName& member, const std::string& topic,
                              Milliseconds session) {
    HW_TRY(metadata, encode_wanted(topic));
    using Request = schema::JoinGroupRequest;
    const std::array protocols{
        Request::Protocol{.name = kRangeAssignor, .metadata = metadata.view()}};
    const Millis session_ms(static_cast<std::int32_t>(session.count()));
    const Request request{.group_id = member.group,
                          .session_timeout_ms = session_ms,
                          .rebalance_timeout_ms = session_ms,
                          .member_id = member.member,
                          .protocol_type = kConsumerProtocol,
                          .protocols = protocols};
    const auto ask = [&](BrokerConnection& broker, BrokerId /*id*/,
                         const Deadline& /*deadline*/) -> Result<JoinAnswer> {
        const Deadline rebalance(kLongestRebalance);
        HW_TRY(answer, broker.call<schema::JoinGroupResponse>(request, rebalance));
        HW_TRY_VOID(check_coordinator(answer->error_code, member.group));
        return join_answer_of(*answer);
    };
    return at_coordinator(client, member.group, Retry::any, ask);
}

Result<SyncAnswer> sync_group(Client& client, const MemberName& member,
                              const std::map<std::string, std::vector<PartitionName>>& assignment) {
    using Request = schema::SyncGroupRequest;
    std::vector<Buffer> bytes;
    std::vector<Request::Assignment> assignments;
    for (const auto& [id, assigned] : assignment) {
        HW_TRY(one, encode_assigned(assigned));
        bytes.push_back(std::move(one));
        assignments.push_back({.member_id = id, .assignment = bytes.back().view()});
    }
    const Request request{.group_id = member.group,
                          .generation_id = member.generation,
                          .member_id = member.member,
                          .protocol_type = kConsumerProtocol,
                          .protocol_name = kRangeAssignor,
                          .assignments = assignments};
    const auto ask = [&](BrokerConnection& broker, BrokerId /*id*/,
                         const Deadline& /*deadline*/) -> Result<SyncAnswer> {
        const Deadline rebalance(kLongestRebalance);
        HW_TRY(answer, broker.call<schema::SyncGroupResponse>(request, rebalance));
        HW_TRY_VOID(check_coordinator(answer->error_code, member.group));
        HW_TRY(assigned, decode_assigned(answer->assignment));
        return SyncAnswer{answer->error_code, std::move(assigned)};
    };
    return at_coordinator(client, member.group, Retry::any, ask);
}

Result<ErrorCode> send_heartbeat(Client& client, const MemberName& member) {
    const schema::HeartbeatRequest request{
        .group_id = member.group, .generation_id = member.generation, .member_id = member.member};
    const auto ask = [&](BrokerConnection& broker, BrokerId /*id*/,
                         const Deadline& deadline) -> Result<ErrorCode> {
        HW_TRY(answer, broker.call<schema::HeartbeatResponse>(request, deadline));
        HW_TRY_VOID(check_coordinator(answer->error_code, member.group));
        return answer->error_code;
    };
    return at_coordinator(client, member.group, Retry::any, ask);
}

Result<ErrorCode> commit_positions(Client& client, const MemberName& member,
                                   const std::string& topic,
                                   const std::vector<Position>& positions) {
    using Request = schema::OffsetCommitRequest;
    std::vector<Request::Partition> partitions;
    for (const Position& position : positions) {
        partitions.push_back({.partition_index = position.partition,
                              .committed_offset = position.next_offset,
                              .committed_metadata = ""});
    }
    const std::array topics{Request::Topic{.name = topic, .partitions = partitions}};
    const Request request{.group_id = member.group,
                          .generation_id_or_member_epoch = member.generation,
                          .member_id = member.member,
                          .topics = topics};
    const auto ask = [&](BrokerConnection& broker, BrokerId /*id*/,
                         const Deadline& deadline) -> Result<ErrorCode> {
        HW_TRY(answer, broker.call<schema::OffsetCommitResponse>(request, deadline, kNamesTopics));
        ErrorCode first = ErrorCode::none;
        for (const auto& answered : answer->topics) {
            for (const auto& partition : answered.partitions) {
                HW_TRY_VOID(check_coordinator(partition.error_code, member.group));
                first = first == ErrorCode::none ? partition.error_code : first;
            }
        }
        return first;
    };
    return at_coordinator(client, member.group, Retry::any, ask);
}

Result<void> leave_group(Client& client, const MemberName& member) {
    using Request = schema::LeaveGroupRequest;
    const std::array members{Request::Member{.member_id = member.member}};
    const auto ask = [&](BrokerConnection& broker, BrokerId /*id*/,
                         const Deadline& deadline) -> Result<void> {
        constexpr ApiVersion kManyMembersFrom{3};
        HW_TRY(version, broker.newest_version(Request::kKey));
        Request request{.group_id = member.group};
        version >= kManyMembersFrom ? void(request.members = members)
                                    : void(request.member_id = member.member);
        HW_TRY(answer, broker.call<schema::LeaveGroupResponse>(request, deadline));
        HW_TRY_VOID(check_coordinator(answer->error_code, member.group));
        return {};
    };
    return at_coordinator(client, member.group, Retry::any, ask);
}

}  // namespace hw::client
