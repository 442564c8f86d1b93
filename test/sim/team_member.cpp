#include "test/sim/team_member.h"

#include <array>
#include <iterator>
#include <utility>

#include "protocol/schema/api/offset_commit.h"

namespace hw::sim {

using wire::ErrorCode;

namespace {

constexpr std::size_t kRolesMax = 8;

/// The clocks of nodes run up to a tenth too fast.
Duration by_fastest_clock(std::chrono::milliseconds span) {
    return Duration(span) * 9 / 10;
}

}  // namespace

TeamMember::TeamMember(ClientWorld& world, const Kind& kind, std::size_t number, const Plan& plan,
                       std::uint64_t seed)
    : SimClient(world, kind.name, seed),
      world_plan_(plan),
      plan_(plan.members[number]),
      group_(plan.groups[plan_.group]),
      kind_(kind),
      number_(number),
      topics_(plan, group_),
      claims_(world.consumers, plan_.team,
              {.session = kind.has_claims ? by_fastest_clock(kind.session) : Duration(),
               .rebalance = by_fastest_clock(plan_.rebalance)}) {}

bool TeamMember::is_over() const {
    return team().has_settled() || (plan_.dies && world_.members_finish);
}

Task<> TeamMember::run() {
    ++world_.members;
    while (!is_over()) {
        co_await live();
    }
    co_await close();
    --world_.members;
}

Task<> TeamMember::live() {
    is_alive_ = true;
    begin_life();
    while (is_alive_ && !is_over()) {
        const bool sleeps = !world_.members_finish && random_.chance(1, 40);
        co_await pause(sleeps ? 2 * kind_.session : kind_.session / 4);
        if (coordinator_) {
            co_await take_part();
            continue;
        }
        const ErrorCode code = co_await find_coordinator(group_.name, deadline());
        if (code != ErrorCode::none) {
            on_code("the search for the coordinator", code);
        }
    }
    claims_.abandon();
}

void TeamMember::remember(Role role) {
    if (!roles_.empty() && roles_.back() == role) {
        return;
    }
    if (roles_.size() == kRolesMax) {
        roles_.erase(roles_.begin());
    }
    roles_.push_back(std::move(role));
}

Task<> TeamMember::commit(Role role) {
    std::erase_if(role.partitions,
                  [this](std::int32_t partition) { return !topics_.register_of(partition); });
    if (role.partitions.empty()) {
        co_return;
    }
    const auto at = static_cast<std::ptrdiff_t>(random_.below(role.partitions.size()));
    const std::int32_t chosen = *std::next(role.partitions.begin(), at);
    const PartitionPlan& of = topics_.partition(chosen);
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
    request.generation_id_or_member_epoch = role.epoch;
    request.member_id = role.name.id;
    if (role.name.instance) {
        request.group_instance_id = *role.name.instance;
    }
    request.topics = topics;
    OffsetWrite write{.offset = partition.committed_offset, .sent = now(), .done = {}};
    const auto answer = co_await replication::call<schema::OffsetCommitResponse>(
        channel_, request, ApiVersion(9), deadline());
    const Code code = answer ? Code((*answer)->topics[0].partitions[0].error_code)
                             : std::unexpected(answer.error());
    write.done = now();
    write.outcome = outcome_of_commit(code);
    world_.offsets.on_write(*topics_.register_of(chosen), write);
    const Role current = this->role();
    if (write.outcome != WriteOutcome::acknowledged) {
        if (!code || (role.name == current.name && role.epoch == current.epoch)) {
            on_code(fmt::format("the commit of {}", write.offset), code);
        }
        co_return;
    }
    ++world_.operations;
    if (group_.kind != GroupKind::classic) {
        world_.consumers.on_commit(
            plan_.team,
            {.member = role.name, .epoch = role.epoch, .partition = chosen, .sent = write.sent});
    } else {
        world_.groups.on_commit(
            plan_.team, {.member = role.name, .generation = role.epoch, .sent = write.sent});
    }
}

void TeamMember::report_grant(std::int32_t partition) {
    if (group_.kind != GroupKind::classic) {
        const Role current = role();
        world_.consumers.on_grant(plan_.team, {.member = current.name,
                                               .epoch = current.epoch,
                                               .partition = partition,
                                               .done = now()});
    }
}

void TeamMember::note_settled() {
    if (!world_.members_finish || plan_.dies) {
        return;
    }
    const std::int32_t epoch = role().epoch;
    team().note(number_, epoch, {owned_.begin(), owned_.end()});
    if (team().has_settled()) {
        world_.trace.add(fmt::format("{} has settled in epoch {}", group_.name, epoch));
    }
}

void TeamMember::on_code(std::string_view what, const Code& code) {
    if (code && *code == ErrorCode::none) {
        ++world_.operations;
        return;
    }
    report(code ? fmt::format("{}: {} of {} {} fails with {}", group_.name, what, kind_.name,
                              number_, *code)
                : fmt::format("{}: {} of {} {} has no answer: {}", group_.name, what, kind_.name,
                              number_, code.error().message));
    if (!code) {
        channel_.disconnect();
        coordinator_.reset();
        on_failure(std::nullopt);
        return;
    }
    on_failure(*code);
}

}  // namespace hw::sim
