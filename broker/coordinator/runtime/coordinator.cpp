#include "broker/coordinator/runtime/coordinator.h"

#include <utility>

#include <fmt/format.h>

#include "protocol/base/assert.h"
#include "protocol/record/batch_builder.h"
#include "replication/partition/partition_description.h"

namespace hw::broker {

using wire::ErrorCode;
using wire::Refusal;

namespace {

/// The error for the caller whose records the partition has refused; nothing was appended.
Refusal refused_append(const Refusal& refusal) {
    switch (refusal.code) {
        case ErrorCode::not_leader_or_follower:
        case ErrorCode::unknown_topic_or_partition:
        case ErrorCode::kafka_storage_error:
            return {ErrorCode::not_coordinator, refusal.message};
        case ErrorCode::message_too_large:
        case ErrorCode::record_list_too_large:
            return {ErrorCode::invalid_commit_offset_size, refusal.message};
        default:
            return {ErrorCode::coordinator_not_available, refusal.message};
    }
}

Refusal resigned(const Refusal& reason, bool has_records) {
    return {ErrorCode::not_coordinator,
            fmt::format("this broker is not the coordinator any more: {}{}", reason.message,
                        has_records ? "; the change may or may not be in force" : "")};
}

}  // namespace

void Coordinator::run(replication::PartitionReplica& replica, const CallPtr& call,
                      Operation operation) {
    auto* const machine = std::get_if<Machine>(&phase_);
    if (machine == nullptr) {
        call->complete(not_active());
        return;
    }
    const replication::PartitionLeader* const leader = replica.leader();
    if (leader != nullptr && !leader->silent_members().empty()) {
        // A read finds what this broker has, but another one may have taken commits since.
        call->complete({ErrorCode::not_coordinator, replication::perhaps_replaced(*leader)});
        return;
    }
    if (waiting_.size() >= kMaxWaiting) {
        call->complete({ErrorCode::coordinator_not_available,
                        fmt::format("{} requests are waiting for replicas of {}, which is the "
                                    "limit",
                                    kMaxWaiting, ports_.name)});
        return;
    }
    Decision decision;
    operation(**machine, decision);
    carry_out(**machine, decision, replica);
}

void Coordinator::act(replication::PartitionReplica& replica, Operation operation) {
    if (auto* const machine = std::get_if<Machine>(&phase_)) {
        Decision decision;
        operation(**machine, decision);
        carry_out(**machine, decision, replica);
    }
}

void Coordinator::on_time(replication::PartitionReplica& replica) {
    const TimePoint now = ports_.clock.now();
    if (wakes_at_ <= now) {
        wakes_at_ = kNever;
    }
    if (std::holds_alternative<Failed>(phase_)) {
        const Offset log_end = replica.log()->log_end_offset();
        begin_load(log_end, log_end);
    }
    auto* const machine = std::get_if<Machine>(&phase_);
    if (machine == nullptr) {
        return;
    }
    if ((*machine)->next_deadline() > now) {
        arm(**machine);
        return;
    }
    Decision decision;
    (*machine)->on_deadline(now, ports_.clock.wall_now(), decision);
    carry_out(**machine, decision, replica);
}

void Coordinator::carry_out(CoordinatorMachine& machine, Decision& decision,
                            replication::PartitionReplica& replica) {
    const bool has_records = !decision.records.empty();
    const auto appended = append(machine, decision.records, replica);
    for (auto& then : std::exchange(decision.then, {})) {
        then(appended ? nullptr : &appended.error(), decision);
    }
    for (CallPtr& call : decision.answers) {
        if (last_appended_ < committed_end_ || ports_.mutants.answers_before_commit) {
            call->complete();
        } else {
            waiting_.add(last_appended_, std::move(call), has_records);
        }
    }
    arm(machine);
}

std::expected<void, Refusal> Coordinator::append(CoordinatorMachine& machine,
                                                 const CoordinatorRecords& records,
                                                 replication::PartitionReplica& replica) {
    if (records.empty()) {
        return {};
    }
    const auto limit = static_cast<std::size_t>(replica.options()->produce.max_message_bytes);
    std::size_t bytes = 0;
    for (const auto& record : records) {
        bytes += record.key().size() + record.value().value_or(ByteView()).size();
    }
    if (bytes > limit) {
        return std::unexpected(Refusal{
            ErrorCode::invalid_commit_offset_size,
            fmt::format("the records of the change have {} bytes, and max.message.bytes of the "
                        "topic is {}",
                        bytes, limit)});
    }
    auto batch = batch_of(records);
    if (!batch) {
        return std::unexpected(
            Refusal{ErrorCode::invalid_commit_offset_size, batch.error().message});
    }
    const auto appended = replica.append_own(std::move(*batch), epoch_);
    if (!appended) {
        return std::unexpected(refused_append(appended.error()));
    }
    last_appended_ = *appended;
    apply(machine, records);
    return {};
}

void Coordinator::arm(const CoordinatorMachine& machine) {
    wake_at(machine.next_deadline());
}

/// Asks to be woken, unless that happens early enough anyway.
void Coordinator::wake_at(TimePoint time) {
    if (time < wakes_at_) {
        wakes_at_ = time;
        ports_.wake_at(time);
    }
}

void Coordinator::activate(Machine machine) {
    machine->on_active(ports_.clock.now());
    arm(*machine);
    phase_ = std::move(machine);
}

Refusal Coordinator::not_active() const {
    if (std::holds_alternative<Loading>(phase_)) {
        return {ErrorCode::coordinator_load_in_progress,
                fmt::format("the coordinator is being loaded from {}", ports_.name)};
    }
    if (std::holds_alternative<Failed>(phase_)) {
        return {ErrorCode::coordinator_not_available,
                fmt::format("the coordinator could not be loaded from {}; the broker's log says "
                            "why",
                            ports_.name)};
    }
    return {ErrorCode::not_coordinator, fmt::format("this broker does not lead {}", ports_.name)};
}

Result<Buffer> Coordinator::batch_of(const CoordinatorRecords& records) {
    const Timestamp now = ports_.clock.wall_now();
    record::BatchBuilder builder(record::BatchOptions{});
    for (const auto& record : records) {
        builder.add(
            {.key = record.key(), .value = record.value(), .headers = {}, .timestamp = now});
    }
    return builder.finish(compressor_);
}

void Coordinator::apply(CoordinatorMachine& machine, const CoordinatorRecords& records) {
    for (const auto& record : records) {
        const auto applied = machine.apply(record.key(), record.value());
        HW_ASSERT(applied.has_value());
    }
}

bool Coordinator::wants(const CoordinatorLoad& load) const {
    const auto* const loading = std::get_if<Loading>(&phase_);
    return loading != nullptr && loading->load.number == load.number;
}

void Coordinator::begin_load(Offset log_end, Offset end) {
    last_appended_ = log_end - 1;
    const CoordinatorLoad load{.number = ++loads_, .end = end};
    phase_ = Loading{load};
    ports_.begin_load(load);
}

void Coordinator::finish_load(const CoordinatorLoad& load, Result<Machine> machine) {
    if (!wants(load)) {
        return;  // this broker has lost the leadership meanwhile
    }
    if (!machine) {
        ports_.log.error(
            "the coordinator of {} cannot be loaded, and is not available: {}; "
            "trying again in {} s",
            ports_.name, machine.error().message, kLoadPause / std::chrono::seconds(1));
        phase_ = Failed{};
        wake_at(ports_.clock.now() + kLoadPause);
        return;
    }
    activate(std::move(*machine));
}

void Coordinator::on_led(LeaderEpoch epoch, Offset log_end, Offset high_watermark) {
    epoch_ = epoch;
    committed_end_ = high_watermark;
    if (std::holds_alternative<Machine>(phase_) || std::holds_alternative<Loading>(phase_)) {
        return;  // it led before: all that it has appended is still in the log
    }
    if (log_end == Offset(0)) {
        last_appended_ = log_end - 1;
        activate(ports_.make());  // the topic is new, and the client that needs it waits
        return;
    }
    begin_load(log_end, ports_.mutants.loads_to_watermark ? high_watermark : log_end);
}

void Coordinator::on_high_watermark(Offset offset) {
    committed_end_ = offset;
    waiting_.on_committed(offset - 1, [](const CallPtr& call) { call->complete(); });
}

void Coordinator::on_resigned(const Refusal& reason) {
    for (auto& waiting : waiting_.take()) {
        waiting.answer->complete(resigned(reason, waiting.has_records));
    }
    if (auto* const machine = std::get_if<Machine>(&phase_)) {
        (*machine)->end_calls(resigned(reason, false));
    }
    if (!ports_.mutants.keeps_state_when_resigned || !std::holds_alternative<Machine>(phase_)) {
        phase_ = Idle{};
    }
}

}  // namespace hw::broker
