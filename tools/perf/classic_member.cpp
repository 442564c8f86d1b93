#include "tools/perf/classic_member.h"

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/leave_group.h"
#include "tools/client/group_codec.h"
#include "tools/client/range_assignor.h"
#include "tools/perf/answer.h"

namespace hw::perf {

using client::MemberName;
using wire::ErrorCode;

namespace {

Millis millis_of(client::Milliseconds span) {
    return Millis(static_cast<std::int32_t>(span.count()));
}

/// Whether the member has to join again, as the same or as another one.
bool ends_generation(ErrorCode code) {
    return code == ErrorCode::rebalance_in_progress || code == ErrorCode::illegal_generation ||
           code == ErrorCode::unknown_member_id;
}

}  // namespace

Result<RequestFrame> ClassicMember::make_request() {
    // Heartbeats are scheduled for when they are due; before that there is nothing to send.
    asked_ = membership_.next_step(sent_at());
    switch (asked_) {
        case Step::join:
            return make_join();
        case Step::sync:
            return make_sync();
        case Step::heartbeat:
        case Step::read:
            break;
    }
    asked_ = Step::heartbeat;
    return make_heartbeat();
}

Result<RequestFrame> ClassicMember::make_join() {
    using Request = schema::JoinGroupRequest;
    constexpr ApiVersion kIdIsToldFirstFrom{4};
    const MemberName& name = membership_.name();
    HW_TRY(metadata, client::encode_wanted(plan().topic));
    const std::array protocols{
        Request::Protocol{.name = client::kRangeAssignor, .metadata = metadata.view()}};
    const Request request{.group_id = name.group,
                          .session_timeout_ms = millis_of(plan().session),
                          .rebalance_timeout_ms = millis_of(plan().rebalance_max),
                          .member_id = name.member,
                          .protocol_type = client::kConsumerProtocol,
                          .protocols = protocols};
    if (!name.member.empty() || plan().versions.join < kIdIsToldFirstFrom) {
        note_joining();
    }
    return encode_request(request, plan().versions.join);
}

Result<RequestFrame> ClassicMember::make_sync() const {
    using Request = schema::SyncGroupRequest;
    const MemberName& name = membership_.name();
    const std::map<std::string, std::int32_t> partitions{{plan().topic, plan().partitions}};
    const auto shares = client::assign_ranges(membership_.members(), partitions);
    std::vector<Buffer> bytes;
    std::vector<Request::Assignment> assignments;
    bytes.reserve(shares.size());
    for (const auto& [id, share] : shares) {
        HW_TRY(encoded, client::encode_assigned(share));
        bytes.push_back(std::move(encoded));
        assignments.push_back({.member_id = id, .assignment = bytes.back().view()});
    }
    const Request request{.group_id = name.group,
                          .generation_id = name.generation,
                          .member_id = name.member,
                          .protocol_type = client::kConsumerProtocol,
                          .protocol_name = client::kRangeAssignor,
                          .assignments = assignments};
    return encode_request(request, plan().versions.sync);
}

Result<RequestFrame> ClassicMember::make_heartbeat() {
    note_heartbeat();
    const MemberName& name = membership_.name();
    const schema::HeartbeatRequest request{
        .group_id = name.group, .generation_id = name.generation, .member_id = name.member};
    return encode_request(request, plan().versions.heartbeat);
}

Result<RequestFrame> ClassicMember::make_farewell() {
    using Request = schema::LeaveGroupRequest;
    constexpr ApiVersion kManyMembersFrom{3};
    const MemberName& name = membership_.name();
    const std::array members{Request::Member{.member_id = name.member}};
    Request request{.group_id = name.group};
    plan().versions.leave >= kManyMembersFrom ? void(request.members = members)
                                              : void(request.member_id = name.member);
    return encode_request(request, plan().versions.leave);
}

Result<void> ClassicMember::take_answer(ByteView answer, SteadyTime now) {
    switch (asked_) {
        case Step::join:
            return take_join(answer, now);
        case Step::sync:
            return take_sync(answer, now);
        case Step::heartbeat:
        case Step::read:
            break;
    }
    return take_heartbeat(answer, now);
}

Result<void> ClassicMember::on_code(ErrorCode code, SteadyTime now) {
    schedule_step(now);
    if (code == ErrorCode::none || code == ErrorCode::member_id_required) {
        return {};
    }
    if (!ends_generation(code)) {
        return std::unexpected(refusal(code, {}));
    }
    note_told(now);
    give_up_all();
    if (code == ErrorCode::unknown_member_id) {
        on_removed();
    }
    return {};
}

Result<void> ClassicMember::take_join(ByteView answer, SteadyTime now) {
    HW_TRY(response, decoded_copy<schema::JoinGroupResponse>(answer, plan().versions.join));
    if (is_temporary(response->error_code)) {
        retry_later(response->error_code, now);
        return {};
    }
    HW_TRY_VOID(on_code(response->error_code, now));
    HW_TRY(joined, client::join_answer_of(*response));
    return membership_.on_joined(std::move(joined));
}

Result<void> ClassicMember::take_sync(ByteView answer, SteadyTime now) {
    HW_TRY(response, decoded_copy<schema::SyncGroupResponse>(answer, plan().versions.sync));
    if (is_temporary(response->error_code)) {
        retry_later(response->error_code, now);
        return {};
    }
    HW_TRY_VOID(on_code(response->error_code, now));
    HW_TRY(assigned, client::decode_assigned(response->assignment));
    HW_TRY_VOID(membership_.on_synced({response->error_code, std::move(assigned)}, now));
    if (!membership_.is_assigned()) {
        return {};
    }
    std::vector<PartitionIndex> partitions;
    for (const client::PartitionName& each : membership_.assigned()) {
        partitions.push_back(each.partition);
    }
    HW_TRY(has_changed, own(std::move(partitions)));
    std::ignore = has_changed;
    set_epoch(membership_.name().generation, now);
    set_settled(true);
    schedule_heartbeat(now, plan().heartbeat);
    return {};
}

Result<void> ClassicMember::take_heartbeat(ByteView answer, SteadyTime now) {
    HW_TRY(response, decoded_copy<schema::HeartbeatResponse>(answer, plan().versions.heartbeat));
    if (is_temporary(response->error_code)) {
        retry_later(response->error_code, now);
        return {};
    }
    HW_TRY_VOID(on_code(response->error_code, now));
    HW_TRY_VOID(membership_.on_heartbeat(response->error_code, sent_at()));
    if (membership_.is_assigned()) {
        schedule_heartbeat(sent_at(), plan().heartbeat);
    }
    return {};
}

}  // namespace hw::perf
