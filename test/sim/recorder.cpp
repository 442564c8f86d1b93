#include "test/sim/recorder.h"

#include <utility>

#include "protocol/base/assert.h"
#include "test/history/judge.h"
#include "test/history/report.h"

namespace hw::sim {
namespace {

/// The name of a value for the judge: without its padding, if that is whole.
std::string_view name_of(std::string_view value) {
    const std::size_t padding = value.rfind('-');
    const bool is_whole = padding != std::string_view::npos &&
                          value.find_first_not_of('.', padding + 1) == std::string_view::npos;
    return is_whole ? value.substr(0, padding) : value;
}

}  // namespace

Recorder::Recorder(const Scheduler& scheduler, const Plan& plan)
    : scheduler_(&scheduler), losses_(plan.partitions.size()) {
    for (const PartitionPlan& partition : plan.partitions) {
        auto topic = history_.find_topic(partition.topic);
        if (!topic) {
            const auto added = history_.add_topic({.id = partition.topic,
                                                   .name = partition.topic,
                                                   .durability = partition.facts.durability});
            HW_ASSERT(added.has_value());
            topic = *added;
        }
        reader_processes_.push_back(history_.process(fmt::format("reader-{}", partitions_.size())));
        partitions_.push_back(history_.partition(*topic, partition.index));
    }
    for (const ProducerPlan& producer : plan.producers) {
        producer_processes_.push_back(
            history_.process(fmt::format("producer-{}", producers_.size())));
        producers_.push_back(producer.facts);
    }
}

history::Time Recorder::time(TimePoint at) {
    const auto since_start = at.time_since_epoch();
    return history::Time(
        std::chrono::duration_cast<std::chrono::microseconds>(since_start).count());
}

void Recorder::on_acknowledged(const SendAttempt& attempt, Offset base_offset) {
    add(attempt, history::Outcome::ok, base_offset);
}

void Recorder::on_refused(const SendAttempt& attempt) {
    add(attempt, history::Outcome::fail, kNoOffset);
}

void Recorder::on_unknown(const SendAttempt& attempt) {
    add(attempt, history::Outcome::info, kNoOffset);
}

void Recorder::add(const SendAttempt& attempt, history::Outcome outcome, Offset base_offset) {
    const ProducerFacts& facts = producers_[attempt.producer.value()];
    Offset offset = base_offset;
    for (const std::string& value : attempt.values) {
        const bool is_known = outcome != history::Outcome::info;
        add({.invoked = time(attempt.sent),
             .done = is_known ? now() : history::kNeverDone,
             .process = producer_processes_[attempt.producer.value()],
             .outcome = outcome,
             .action = history::Send{.partition = partitions_[facts.partition.value()],
                                     .value = history_.value(name_of(value)),
                                     .acks = facts.acks,
                                     .producer = attempt.id,
                                     .offset = offset}});
        offset = offset == kNoOffset ? kNoOffset : offset + 1;
    }
}

void Recorder::on_seek(PartitionNumber partition, Offset offset) {
    history::Assign assign;
    assign.positions.push_back({partitions_[partition.value()], offset});
    add({.invoked = now(),
         .done = now(),
         .process = reader_processes_[partition.value()],
         .action = std::move(assign)});
}

void Recorder::on_fetched(PartitionNumber partition, const FetchedRecords& fetched,
                          TimePoint sent) {
    history::Poll poll{.partition = partitions_[partition.value()],
                       .from = fetched.from,
                       .records = {},
                       .answerer = {.broker = fetched.broker, .leader_epoch = fetched.leader_epoch},
                       .high_watermark = fetched.high_watermark};
    for (const FetchedRecord& record : fetched.records) {
        poll.records.push_back({record.offset, history_.value(name_of(record.value))});
    }
    add({.invoked = time(sent),
         .done = now(),
         .process = reader_processes_[partition.value()],
         .action = std::move(poll)});
}

void Recorder::on_listed(PartitionNumber partition, const ListedLatest& listed, TimePoint sent) {
    add({.invoked = time(sent),
         .done = now(),
         .process = reader_processes_[partition.value()],
         .action = history::ListOffsets{
             .partition = partitions_[partition.value()],
             .offset = listed.offset,
             .answerer = {.broker = listed.broker, .leader_epoch = listed.leader_epoch}}});
}

void Recorder::on_power_loss(PartitionNumber partition) {
    begin_loss(history::Loss::Cause::power_loss, partition);
}

void Recorder::on_unclean_election(PartitionNumber partition) {
    begin_loss(history::Loss::Cause::unclean_election, partition);
}

void Recorder::begin_loss(history::Loss::Cause cause, PartitionNumber partition) {
    losses_[partition.value()].push_back(
        {.cause = cause, .at = now(), .until = now(), .partition = partitions_[partition.value()]});
}

void Recorder::on_loss_end(PartitionNumber partition) {
    for (history::Loss& loss : std::exchange(losses_[partition.value()], {})) {
        loss.until = now();
        const auto added = history_.add(loss);
        HW_ASSERT(added.has_value());
    }
}

void Recorder::add(history::Operation operation) {
    const auto added = history_.add(std::move(operation));
    HW_ASSERT(added.has_value());
}

std::optional<std::string> Recorder::judge() {
    for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
        on_loss_end(PartitionNumber(i));
    }
    const history::Verdict verdict = history::judge(history_);
    if (verdict.judgement == history::Judgement::clean) {
        return std::nullopt;
    }
    return "the judge found in the history of the clients:\n" +
           history::text_report(history_, verdict);
}

}  // namespace hw::sim
