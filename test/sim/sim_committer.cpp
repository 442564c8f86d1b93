#include "test/sim/sim_committer.h"

#include <array>

#include "protocol/schema/api/offset_commit.h"
#include "protocol/schema/api/offset_delete.h"
#include "protocol/schema/api/offset_fetch.h"

namespace hw::sim {

using wire::ErrorCode;

SimCommitter::SimCommitter(ClientWorld& world, std::size_t number, const Plan& plan,
                           std::uint64_t seed)
    : SimClient(world, "committer", seed),
      world_plan_(plan),
      plan_(plan.committers[number]),
      group_(plan.groups[plan_.group]),
      next_(static_cast<std::int64_t>(number)) {}

Task<> SimCommitter::run() {
    ++world_.committers;
    while (!may_end_) {
        co_await pause(plan_.pause_max);
        if (coordinator_) {
            co_await do_something();
        } else {
            const ErrorCode code = co_await find_coordinator(group_.name, deadline());
            if (code != ErrorCode::none) {
                on_failure("the search for the coordinator", code);
            }
        }
    }
    co_await channel_.stop();
    --world_.committers;
}

Task<> SimCommitter::do_something() {
    if (plan_.only_reads) {
        co_await read(group_.registers[random_.below(group_.registers.size())]);
        co_return;
    }
    if (world_.committers_finish) {
        if (has_committed_at_end_) {
            co_await read(group_.registers[0]);
        } else {
            co_await commit(group_.registers[0]);
        }
        co_return;
    }
    const Chosen chosen = group_.registers[random_.below(group_.registers.size())];
    switch (random_.below(10)) {
        case 0:
            co_await remove(chosen);
            break;
        case 1:
        case 2:
        case 3:
        case 4:
            co_await commit(chosen);
            break;
        default:
            co_await read(chosen);
    }
}

Task<> SimCommitter::commit(Chosen chosen) {
    const PartitionPlan& of = world_plan_.partitions[chosen.first.value()];
    next_ += static_cast<std::int64_t>(world_plan_.committers.size());
    schema::OffsetCommitRequest::Partition partition;
    partition.partition_index = of.index;
    partition.committed_offset = next_;
    const std::array partitions{partition};
    schema::OffsetCommitRequest::Topic topic;
    topic.name = of.topic;
    topic.partitions = partitions;
    const std::array topics{topic};
    schema::OffsetCommitRequest request;
    request.group_id = group_.name;
    request.topics = topics;
    OffsetWrite write{.offset = next_, .sent = world_.clock.now(), .done = {}};
    const auto answer = co_await replication::call<schema::OffsetCommitResponse>(
        channel_, request, ApiVersion(9), deadline());
    const Code code = answer ? Code((*answer)->topics[0].partitions[0].error_code)
                             : std::unexpected(answer.error());
    write.done = world_.clock.now();
    write.outcome = outcome_of_commit(code);
    world_.offsets.on_write(chosen.second, write);
    if (write.outcome == WriteOutcome::acknowledged) {
        on_acknowledged();
        has_committed_at_end_ = world_.committers_finish;
    } else {
        on_failure(fmt::format("the commit of {}", write.offset), code);
    }
}

Task<> SimCommitter::remove(Chosen chosen) {
    const PartitionPlan& of = world_plan_.partitions[chosen.first.value()];
    schema::OffsetDeleteRequest::Partition partition;
    partition.partition_index = of.index;
    const std::array partitions{partition};
    schema::OffsetDeleteRequest::Topic topic;
    topic.name = of.topic;
    topic.partitions = partitions;
    const std::array topics{topic};
    schema::OffsetDeleteRequest request;
    request.group_id = group_.name;
    request.topics = topics;
    OffsetWrite write{.offset = kNoOffset, .sent = world_.clock.now(), .done = {}};
    const Leadership led = leadership();
    const auto answer = co_await replication::call<schema::OffsetDeleteResponse>(
        channel_, request, ApiVersion(0), deadline());
    Code code = answer ? Code((*answer)->error_code) : std::unexpected(answer.error());
    if (code && *code == ErrorCode::none) {
        code = (*answer)->topics[0].partitions[0].error_code;
    }
    write.done = world_.clock.now();
    if (code && *code == ErrorCode::group_id_not_found) {
        // A group without offsets does not exist.
        world_.offsets.on_read(chosen.second, {kNoOffset, write.sent, write.done, led});
        co_return;
    }
    write.outcome = outcome_of_commit(code);
    if (write.outcome == WriteOutcome::acknowledged && led != Leadership::newest) {
        // It may have found nothing to remove, at a leader that was replaced.
        write.outcome = WriteOutcome::unknown;
    }
    world_.offsets.on_write(chosen.second, write);
    if (code && *code == ErrorCode::none) {
        on_acknowledged();
    } else {
        on_failure("a removal", code);
    }
}

Task<> SimCommitter::read(Chosen chosen) {
    const PartitionPlan& of = world_plan_.partitions[chosen.first.value()];
    const std::array indexes{of.index};
    schema::OffsetFetchRequest::Topic topic;
    topic.name = of.topic;
    topic.partition_indexes = indexes;
    const std::array topics{topic};
    schema::OffsetFetchRequest::Group group;
    group.group_id = group_.name;
    group.topics = topics;
    const std::array groups{group};
    schema::OffsetFetchRequest request;
    request.groups = groups;
    OffsetRead read{.sent = world_.clock.now(), .done = {}, .leadership = leadership()};
    const auto answer = co_await replication::call<schema::OffsetFetchResponse>(
        channel_, request, ApiVersion(8), deadline());
    Code code = answer ? Code((*answer)->groups[0].error_code) : std::unexpected(answer.error());
    if (code && *code == ErrorCode::none) {
        const auto& found = (*answer)->groups[0].topics[0].partitions[0];
        code = found.error_code;
        read.offset = found.committed_offset;
    }
    if (!code || *code != ErrorCode::none) {
        on_failure("a read of offsets", code);
        co_return;
    }
    read.done = world_.clock.now();
    ++world_.operations;
    if (read.leadership == Leadership::replaced) {
        report(fmt::format("{}: {} was read at broker {}, which another one has replaced",
                           group_.name, read.offset, *coordinator_));
    }
    world_.offsets.on_read(chosen.second, read);
    may_end_ = has_committed_at_end_ || (plan_.only_reads && world_.committers_finish);
}

void SimCommitter::on_acknowledged() {
    ++world_.operations;
    world_.moved_commits += acknowledged_by_ && acknowledged_by_ != coordinator_ ? 1 : 0;
    acknowledged_by_ = coordinator_;
}

void SimCommitter::on_failure(std::string_view what, const Code& code) {
    report(code ? fmt::format("{}: {} fails with {}", group_.name, what, *code)
                : fmt::format("{}: {} has no answer: {}", group_.name, what, code.error().message));
    if (!code) {
        channel_.disconnect();
    }
    coordinator_.reset();
}

}  // namespace hw::sim
