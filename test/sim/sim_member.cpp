#include "test/sim/sim_member.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/leave_group.h"
#include "protocol/schema/api/sync_group.h"
#include "test/sim/classic_assignor.h"

namespace hw::sim {

using wire::ErrorCode;

namespace {

constexpr std::string_view kProtocolType = "consumer";
constexpr std::string_view kEagerProtocol = "range";
constexpr std::string_view kCooperativeProtocol = "cooperative-sticky";
/// Subscriptions have what a member owns since version 1, and its generation since version 2.
constexpr std::uint64_t kVersions = 4;

Millis millis_of(std::chrono::milliseconds span) {
    return Millis(static_cast<std::int32_t>(span.count()));
}

/// The protocols that a member offers. All members of a group have one in common. That is the one
/// that all prefer, because the record of a group has no other: one that loads it would refuse
/// members that do not have it.
std::vector<std::string_view> protocols_of(bool is_cooperative, bool has_cooperative) {
    if (is_cooperative) {
        return {kCooperativeProtocol};
    }
    return has_cooperative ? std::vector{kCooperativeProtocol, kEagerProtocol}
                           : std::vector{kEagerProtocol};
}

}  // namespace

// Others may take over the instance of a static member at any time.
SimMember::SimMember(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed)
    : TeamMember(world,
                 {.name = "member",
                  .session = plan.members[number].session,
                  .has_claims = !plan.members[number].instance},
                 number, plan, seed) {}

void SimMember::begin_life() {
    is_cooperative_ = group_.has_cooperative && random_.chance(1, 2);
    const std::uint64_t lowest = is_cooperative_ ? 1 : 0;
    version_ = ApiVersion(static_cast<std::int16_t>(lowest + random_.below(kVersions - lowest)));
    notices_session_end_ = random_.chance(1, 2);
    is_slow_ = random_.chance(1, 2);
    set_id({});
    lose_all();
}

Task<> SimMember::take_part() {
    if (notices_session_end_ && now() - heard_ > kind_.session) {
        lose_all();
    }
    const bool waits = is_slow_ && !world_.members_finish && !random_.chance(1, 6);
    if (owned_ != assigned_ && !waits) {
        give_up();
    }
    if (!is_in_) {
        co_await join();
        co_return;
    }
    if (world_.members_finish) {
        co_await heartbeat();
        co_return;
    }
    switch (random_.below(24)) {
        case 0:
            co_await leave();
            break;
        case 1:
            end_life();
            break;
        case 2:
            ++metadata_;
            is_in_ = false;
            break;
        case 3:
        case 4:
            co_await commit(any_role());
            break;
        case 5:
        case 6:
        case 7:
        case 8:
            co_await commit(role());
            break;
        default:
            co_await heartbeat();
    }
}

Task<> SimMember::join() {
    if (!is_cooperative_) {
        owned_.clear();
        assigned_.clear();
    }
    claims_.keep(owned_, now());
    const Partitions told = owned_;
    const Buffer metadata =
        encode_subscription({.version = version_,
                             .owned = told,
                             .generation = version_ < ApiVersion(2) ? -1 : generation_,
                             .user_data = fmt::format("{}", metadata_)},
                            topics_);
    std::vector<schema::JoinGroupRequest::Protocol> protocols;
    for (const auto name : protocols_of(is_cooperative_, group_.has_cooperative)) {
        protocols.push_back({.name = name, .metadata = metadata.view()});
    }
    const std::string id = id_;
    schema::JoinGroupRequest request{.group_id = group_.name};
    request.session_timeout_ms = millis_of(plan_.session);
    request.rebalance_timeout_ms = millis_of(plan_.rebalance);
    request.member_id = id;
    if (plan_.instance) {
        request.group_instance_id = *plan_.instance;
    }
    request.protocol_type = kProtocolType;
    request.protocols = protocols;
    const TimePoint sent = now();
    claims_.on_join(sent);
    const bool was_current = is_coordinator_current();
    const auto answer = co_await replication::call<schema::JoinGroupResponse>(
        channel_, request, ApiVersion(7), deadline() + 2 * plan_.rebalance);
    if (!answer) {
        if (answer.error().kind != ErrorKind::not_sent && !id.empty()) {
            on_silent_join(told);
        }
        on_code("a JoinGroup", std::unexpected(answer.error()));
        co_return;
    }
    const bool is_current = was_current && is_coordinator_current();
    auto joined = take(**answer, is_current, sent);
    if (joined) {
        co_await sync(std::move(*joined));
    }
}

std::optional<SimMember::Joined> SimMember::take(const schema::JoinGroupResponse& answer,
                                                 bool is_current, TimePoint sent) {
    if (answer.error_code == ErrorCode::member_id_required) {
        set_id(answer.member_id);
        return std::nullopt;
    }
    on_code("a JoinGroup", answer.error_code);
    if (answer.error_code != ErrorCode::none) {
        return std::nullopt;
    }
    if (id_ != answer.member_id) {
        set_id(answer.member_id);
    }
    heard_ = now();
    if (is_current) {
        claims_.on_joined(sent);
    }
    // A group of the consumer protocol has no leader.
    note_protocol(answer.leader.empty() ? GroupKind::consumer : GroupKind::classic);
    Joined joined{.generation = answer.generation_id,
                  .protocol = std::string(answer.protocol_name),
                  .leads = answer.leader == id_,
                  .members = {}};
    for (const auto& member : answer.members) {
        joined.members[std::string(member.member_id)] =
            decode_owned(member.metadata, topics_).value_or(Partitions());
    }
    return joined;
}

void SimMember::note_protocol(GroupKind protocol) {
    if (protocol_ && *protocol_ != protocol) {
        ProtocolChanges& changes = world_.protocol_changes[plan_.team];
        ++(protocol == GroupKind::consumer ? changes.to_consumer : changes.to_classic);
    }
    protocol_ = protocol;
}

Task<> SimMember::sync(Joined joined) {
    std::vector<Buffer> parts;
    std::vector<schema::SyncGroupRequest::Assignment> assignments;
    if (joined.leads) {
        for (const auto& [id, part] : assign_partitions(joined.members, topics_.all())) {
            parts.push_back(encode_assignment(part, topics_));
            assignments.push_back({joined.members.find(id)->first, parts.back().view()});
        }
    }
    const std::string id = id_;
    schema::SyncGroupRequest request{.group_id = group_.name};
    request.generation_id = joined.generation;
    request.member_id = id;
    if (plan_.instance) {
        request.group_instance_id = *plan_.instance;
    }
    request.protocol_type = kProtocolType;
    request.protocol_name = joined.protocol;
    request.assignments = assignments;
    const TimePoint sent = now();
    const bool was_current = is_coordinator_current();
    const auto answer = co_await replication::call<schema::SyncGroupResponse>(
        channel_, request, ApiVersion(5), deadline() + plan_.rebalance);
    const Code code = answer ? Code((*answer)->error_code) : std::unexpected(answer.error());
    on_code("a SyncGroup", code);
    if (code && *code == ErrorCode::rebalance_in_progress && random_.chance(1, 2)) {
        lose_all();  // as some clients do
    }
    if (!code || *code != ErrorCode::none) {
        co_return;
    }
    const auto assigned = decode_assignment((*answer)->assignment, topics_);
    if (!assigned) {
        world_.groups.on_unreadable(plan_.team, role().name);
        co_return;
    }
    generation_ = joined.generation;
    take(*assigned, was_current && is_coordinator_current(), sent);
}

void SimMember::take(const Partitions& assigned, bool is_current, TimePoint sent) {
    assigned_ = assigned;
    is_in_ = true;
    heard_ = sent;
    for (const std::int32_t partition : assigned_) {
        if (owned_.insert(partition).second) {
            report_grant(partition);
        }
    }
    if (is_current) {
        claims_.on_answer(sent, now(), assigned_, owned_ != assigned_);
    }
    if (group_.kind == GroupKind::classic) {
        world_.groups.on_assigned(plan_.team, {.member = role().name,
                                               .generation = generation_,
                                               .partitions = {assigned_.begin(), assigned_.end()},
                                               .done = now()});
    }
    remember(role());
}

Task<> SimMember::heartbeat() {
    const std::string id = id_;
    schema::HeartbeatRequest request{.group_id = group_.name};
    request.generation_id = generation_;
    request.member_id = id;
    if (plan_.instance) {
        request.group_instance_id = *plan_.instance;
    }
    const TimePoint sent = now();
    const auto epoch = coordinator_epoch();
    const auto answer = co_await replication::call<schema::HeartbeatResponse>(
        channel_, request, ApiVersion(4), deadline());
    const Code code = answer ? Code((*answer)->error_code) : std::unexpected(answer.error());
    // One that has not loaded the group answers with success, too.
    const bool is_proof = epoch && epoch == coordinator_epoch();
    if (code && (*code == ErrorCode::none || *code == ErrorCode::rebalance_in_progress)) {
        heard_ = sent;
    }
    if (is_proof && code && *code == ErrorCode::rebalance_in_progress) {
        claims_.on_heard(sent);
    }
    on_code("a heartbeat", code);
    if (!is_proof || !code || *code != ErrorCode::none) {
        co_return;
    }
    claims_.on_answer(sent, now(), assigned_, owned_ != assigned_);
    if (owned_ == assigned_) {
        note_settled();
    }
}

std::optional<LeaderEpoch> SimMember::coordinator_epoch() const {
    return coordinator_ ? world_.coordinator_epoch(group_.coordinator, *coordinator_)
                        : std::nullopt;
}

Task<> SimMember::leave() {
    if (plan_.instance) {
        end_life();  // a static member says nothing when it goes
        co_return;
    }
    claims_.end(now());
    const std::string id = id_;
    const schema::LeaveGroupRequest::Member leaving{.member_id = id};
    schema::LeaveGroupRequest request{.group_id = group_.name};
    request.members = {&leaving, 1};
    const auto answer = co_await replication::call<schema::LeaveGroupResponse>(
        channel_, request, ApiVersion(4), deadline());
    if (!answer) {
        on_code("a LeaveGroup", std::unexpected(answer.error()));
    }
    end_life();
}

void SimMember::on_silent_join(const Partitions& told) {
    claims_.on_silence(told);
    if (!plan_.instance && random_.chance(1, 2)) {
        end_life();  // nothing could be claimed for its id any more
    }
}

void SimMember::set_id(std::string_view id) {
    id_ = id;
    protocol_.reset();
    heard_ = now();
    claims_.begin(role().name);
}

void SimMember::lose_all() {
    claims_.end(now());
    owned_.clear();
    assigned_.clear();
    generation_ = -1;
    is_in_ = false;
}

void SimMember::give_up() {
    owned_ = assigned_;
    claims_.keep(owned_, now());
    is_in_ = false;
}

void SimMember::on_failure(std::optional<ErrorCode> code) {
    if (!code) {
        return;
    }
    switch (*code) {
        case ErrorCode::unknown_member_id:
            lose_all();
            set_id({});
            break;
        case ErrorCode::fenced_instance_id:
            lose_all();
            end_life();
            break;
        case ErrorCode::illegal_generation:
            lose_all();
            break;
        case ErrorCode::rebalance_in_progress:
            is_in_ = false;
            break;
        default:
            coordinator_.reset();
    }
}

}  // namespace hw::sim
