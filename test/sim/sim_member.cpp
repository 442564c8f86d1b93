#include "test/sim/sim_member.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>
#include <utility>

#include <fmt/ranges.h>

#include "protocol/schema/api/heartbeat.h"
#include "protocol/schema/api/join_group.h"
#include "protocol/schema/api/leave_group.h"
#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/sync_group.h"

namespace hw::sim {

using wire::ErrorCode;

namespace {

constexpr std::string_view kProtocolType = "consumer";
constexpr std::string_view kProtocol = "sim";
constexpr std::size_t kEarlierMax = 8;

/// The form of an assignment: the numbers of the partitions, each followed by a comma.
std::string text_of(const std::vector<std::int32_t>& partitions) {
    std::string text;
    for (const std::int32_t partition : partitions) {
        text += fmt::format("{},", partition);
    }
    return text;
}

std::vector<std::int32_t> partitions_of(std::string_view text) {
    std::vector<std::int32_t> partitions;
    while (!text.empty()) {
        std::int32_t partition = 0;
        const auto end = std::from_chars(text.data(), text.data() + text.size(), partition).ptr;
        partitions.push_back(partition);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    }
    return partitions;
}

Millis millis_of(std::chrono::milliseconds span) {
    return Millis(static_cast<std::int32_t>(span.count()));
}

}  // namespace

SimMember::SimMember(ClientWorld& world, std::size_t number, const Plan& plan, std::uint64_t seed)
    : SimClient(world, "member", seed),
      world_plan_(plan),
      plan_(plan.members[number]),
      group_(plan.groups[plan_.group]),
      number_(number) {}

Task<> SimMember::run() {
    ++world_.members;
    while (!team().has_settled() && !(plan_.dies && world_.members_finish)) {
        const bool is_calm = world_.members_finish;
        const bool sleeps = !is_calm && random_.chance(1, 40);
        co_await pause(sleeps ? 2 * plan_.session : plan_.session / 4);
        if (!coordinator_) {
            const ErrorCode code = co_await find_coordinator(group_.name, deadline());
            if (code != ErrorCode::none) {
                on_code("the search for the coordinator", code);
            }
        } else if (!is_in_) {
            co_await join();
        } else {
            co_await take_part();
        }
    }
    co_await channel_.stop();
    --world_.members;
}

Task<> SimMember::join() {
    const std::string metadata = fmt::format("{}", metadata_);
    const std::array protocols{
        schema::JoinGroupRequest::Protocol{.name = kProtocol, .metadata = as_bytes(metadata)}};
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
    const TimePoint limit = deadline() + 2 * plan_.rebalance;
    const auto answer = co_await replication::call<schema::JoinGroupResponse>(channel_, request,
                                                                              ApiVersion(7), limit);
    if (!answer) {
        on_code("a JoinGroup", std::unexpected(answer.error()));
        co_return;
    }
    const ErrorCode code = (*answer)->error_code;
    if (code == ErrorCode::member_id_required) {
        id_ = (*answer)->member_id;
        co_return;
    }
    on_code("a JoinGroup", code);
    if (code != ErrorCode::none) {
        co_return;
    }
    id_ = (*answer)->member_id;
    role_ = {.name = name(), .generation = (*answer)->generation_id, .partitions = {}};
    std::vector<std::string> members;
    for (const auto& member : (*answer)->members) {
        members.emplace_back(member.member_id);
    }
    co_await sync((*answer)->leader == id_, std::move(members));
}

Task<> SimMember::sync(bool leads, std::vector<std::string> members) {
    std::vector<std::string> texts(members.size());
    std::vector<schema::SyncGroupRequest::Assignment> assignments;
    for (std::size_t i = 0; leads && i < members.size(); ++i) {
        std::vector<std::int32_t> part;
        for (std::size_t partition = i; partition < group_.registers.size();
             partition += members.size()) {
            part.push_back(static_cast<std::int32_t>(partition));
        }
        texts[i] = text_of(part);
        assignments.push_back({members[i], as_bytes(texts[i])});
    }
    schema::SyncGroupRequest request{.group_id = group_.name};
    request.generation_id = role_.generation;
    request.member_id = role_.name.id;
    if (plan_.instance) {
        request.group_instance_id = *plan_.instance;
    }
    request.protocol_type = kProtocolType;
    request.protocol_name = kProtocol;
    request.assignments = assignments;
    const TimePoint limit = deadline() + plan_.rebalance;
    const auto answer = co_await replication::call<schema::SyncGroupResponse>(channel_, request,
                                                                              ApiVersion(5), limit);
    const Code code = answer ? Code((*answer)->error_code) : std::unexpected(answer.error());
    on_code("a SyncGroup", code);
    if (!code || *code != ErrorCode::none) {
        co_return;
    }
    role_.partitions = partitions_of(as_text((*answer)->assignment));
    is_in_ = true;
    world_.groups.on_assigned(plan_.team, {.member = role_.name,
                                           .generation = role_.generation,
                                           .partitions = role_.partitions,
                                           .done = world_.clock.now()});
    if (earlier_.size() == kEarlierMax) {
        earlier_.erase(earlier_.begin());
    }
    earlier_.push_back(role_);
}

Task<> SimMember::take_part() {
    if (world_.members_finish) {
        co_await heartbeat();
        co_return;
    }
    switch (random_.below(24)) {
        case 0:
            co_await leave();
            break;
        case 1:
            restart();
            break;
        case 2:
            ++metadata_;
            is_in_ = false;
            break;
        case 3:
        case 4:
            co_await commit(earlier_[random_.below(earlier_.size())]);
            break;
        case 5:
        case 6:
        case 7:
        case 8:
            co_await commit(role_);
            break;
        default:
            co_await heartbeat();
    }
}

Task<> SimMember::heartbeat() {
    schema::HeartbeatRequest request{.group_id = group_.name};
    request.generation_id = role_.generation;
    request.member_id = role_.name.id;
    if (plan_.instance) {
        request.group_instance_id = *plan_.instance;
    }
    const auto answer = co_await replication::call<schema::HeartbeatResponse>(
        channel_, request, ApiVersion(4), deadline());
    const Code code = answer ? Code((*answer)->error_code) : std::unexpected(answer.error());
    on_code("a heartbeat", code);
    if (code && *code == ErrorCode::none) {
        if (world_.members_finish && !plan_.dies) {
            team().note(number_, role_.generation, role_.partitions);
        }
    }
}

Task<> SimMember::commit(Role role) {
    if (role.partitions.empty()) {
        co_return;
    }
    const auto chosen =
        static_cast<std::size_t>(role.partitions[random_.below(role.partitions.size())]);
    const auto [number, reg] = group_.registers[chosen];
    const PartitionPlan& of = world_plan_.partitions[number.value()];
    schema::OffsetCommitRequest::Partition partition;
    partition.partition_index = of.index;
    partition.committed_offset = Offset(++world_.member_commits);
    const std::array partitions{partition};
    schema::OffsetCommitRequest::Topic topic;
    topic.name = of.topic;
    topic.partitions = partitions;
    const std::array topics{topic};
    schema::OffsetCommitRequest request;
    request.group_id = group_.name;
    request.generation_id_or_member_epoch = role.generation;
    request.member_id = role.name.id;
    if (role.name.instance) {
        request.group_instance_id = *role.name.instance;
    }
    request.topics = topics;
    OffsetWrite write{.offset = partition.committed_offset, .sent = world_.clock.now(), .done = {}};
    const auto answer = co_await replication::call<schema::OffsetCommitResponse>(
        channel_, request, ApiVersion(9), deadline());
    const Code code = answer ? Code((*answer)->topics[0].partitions[0].error_code)
                             : std::unexpected(answer.error());
    write.done = world_.clock.now();
    write.outcome = outcome_of_commit(code);
    world_.offsets.on_write(reg, write);
    if (write.outcome == WriteOutcome::acknowledged) {
        ++world_.operations;
        world_.groups.on_commit(
            plan_.team, {.member = role.name, .generation = role.generation, .sent = write.sent});
    } else if (role.name == role_.name && role.generation == role_.generation) {
        on_code(fmt::format("the commit of {}", write.offset), code);
    }
}

Task<> SimMember::leave() {
    if (plan_.instance) {
        restart();  // a static member says nothing when it goes
        co_return;
    }
    const schema::LeaveGroupRequest::Member leaving{.member_id = role_.name.id};
    schema::LeaveGroupRequest request{.group_id = group_.name};
    request.members = {&leaving, 1};
    const auto answer = co_await replication::call<schema::LeaveGroupResponse>(
        channel_, request, ApiVersion(4), deadline());
    if (!answer) {
        on_code("a LeaveGroup", std::unexpected(answer.error()));
    }
    restart();
}

void SimMember::restart() {
    id_.clear();
    is_in_ = false;
}

void SimMember::on_code(std::string_view what, const Code& code) {
    if (code && *code == ErrorCode::none) {
        ++world_.operations;
        return;
    }
    report(code
               ? fmt::format("{}: {} of member {} fails with {}", group_.name, what, number_, *code)
               : fmt::format("{}: {} of member {} has no answer: {}", group_.name, what, number_,
                             code.error().message));
    if (!code) {
        channel_.disconnect();
        coordinator_.reset();
        return;
    }
    switch (*code) {
        case ErrorCode::unknown_member_id:
        case ErrorCode::fenced_instance_id:
            restart();
            break;
        case ErrorCode::illegal_generation:
        case ErrorCode::rebalance_in_progress:
            is_in_ = false;
            break;
        default:
            coordinator_.reset();
    }
}

}  // namespace hw::sim
