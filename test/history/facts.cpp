#include "test/history/facts.h"

#include <algorithm>
#include <tuple>

namespace hw::history {

Facts::Facts(const History& history)
    : history_(history), partitions_(history.partitions()), values_(history.values()) {
    add_events();
    const auto& operations = history.operations();
    in_order_.reserve(operations.size());
    for (std::uint32_t i = 0; i < operations.size(); ++i) {
        in_order_.emplace_back(i);
    }
    std::ranges::sort(in_order_, {}, [&](OperationNumber number) {
        return std::tuple(history.at(number).invoked, number);
    });
    for (const OperationNumber number : in_order_) {
        std::visit([&](const auto& action) { add(action, number); }, history.at(number).action);
    }
    for (PartitionFacts& partition : partitions_) {
        std::ranges::sort(partition.sightings, {}, [](const Sighting& of) {
            return std::tuple(of.offset, of.invoked, of.operation, of.value);
        });
        std::ranges::sort(partition.gaps, {}, &Gap::offset);
    }
}

void Facts::add_events() {
    for (std::uint32_t i = 0; i < partitions_.size(); ++i) {
        PartitionFacts& partition = partitions_[i];
        const PartitionNumber number(i);
        for (const Loss& loss : history_.losses()) {
            const bool is_here = loss.partition == kNoPartition || loss.partition == number;
            const bool may_lose = loss.cause == Loss::Cause::unclean_election ||
                                  history_.topic_of(number).durability == Durability::memory;
            if (is_here && may_lose) {
                partition.losses.add(loss.at, loss.until);
            }
        }
        partition.losses.sort();
    }
    for (const LogStartMove& move : history_.log_starts()) {
        partitions_[move.partition.value()].log_starts.add(move.at, move.offset);
    }
    for (PartitionFacts& partition : partitions_) {
        partition.log_starts.sort();
    }
    for (const LeaderElection& election : history_.elections()) {
        partitions_[election.partition.value()].elections.push_back(election);
    }
}

void Facts::add(const Send& send, OperationNumber number) {
    const Operation& operation = history_.at(number);
    PartitionFacts& partition = partitions_[send.partition.value()];
    partition.sends.push_back(number);
    ValueFacts& value = values_[send.value.value()];
    if (value.first_send == kNoOperation) {
        value.partition = send.partition;
        value.first_send = number;
        value.is_idempotent = send.producer != kNoProducerId;
    } else {
        const auto& first = std::get<Send>(history_.at(value.first_send).action);
        value.is_idempotent = value.is_idempotent && first.producer == send.producer;
    }
    value.is_failed = value.is_failed && operation.outcome == Outcome::fail;
    if (operation.outcome != Outcome::ok) {
        return;
    }
    value.is_acknowledged = true;
    if (send.acks != Acks::all) {
        return;
    }
    if (value.acknowledgement == kNoOperation) {
        value.acknowledgement = number;
    }
    if (send.offset != kNoOffset) {
        partition.sightings.push_back(
            {send.offset, send.value, number, operation.invoked, operation.done});
    }
}

void Facts::add(const Poll& poll, OperationNumber number) {
    const Operation& operation = history_.at(number);
    if (operation.outcome != Outcome::ok) {
        return;
    }
    PartitionFacts& partition = partitions_[poll.partition.value()];
    partition.polls.push_back(number);
    if (in_final_read(operation.invoked)) {
        partition.final_high_watermark =
            std::max(partition.final_high_watermark, poll.high_watermark);
    }
    Offset expected = poll.from;
    for (const Record& record : poll.records) {
        partition.sightings.push_back(
            {record.offset, record.value, number, operation.invoked, operation.done, true});
        ValueFacts& value = values_[record.value.value()];
        if (value.first_read == kNoOperation ||
            operation.done < history_.at(value.first_read).done) {
            value.first_read = number;
            value.first_read_offset = record.offset;
        }
        add_gap(poll, number, expected, record.offset);
        expected = std::max(expected, record.offset + 1);
    }
}

void Facts::add_gap(const Poll& poll, OperationNumber number, Offset begin, Offset end_offset) {
    if (begin >= end_offset) {
        return;
    }
    const Operation& operation = history_.at(number);
    PartitionFacts& partition = partitions_[poll.partition.value()];
    const Offset start = std::max(begin, partition.log_starts.at(operation.done));
    if (start < end_offset) {
        partition.gaps.push_back({start, end_offset, number, operation.invoked, operation.done});
    }
}

void Facts::add(const ListOffsets& list, OperationNumber number) {
    if (history_.at(number).outcome == Outcome::ok) {
        partitions_[list.partition.value()].lists.push_back(number);
    }
}

Offset Facts::committed_offset(const ValueFacts& value) const {
    if (value.acknowledgement != kNoOperation) {
        const auto& send = std::get<Send>(history_.at(value.acknowledgement).action);
        if (send.offset != kNoOffset) {
            return send.offset;
        }
    }
    return value.first_read_offset;
}

}  // namespace hw::history
