#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "test/history/checks.h"

namespace hw::history {
namespace {

/// Follows the readers from poll to poll.
class PollCheck {
public:
    PollCheck(const Facts& facts, Findings& findings)
        : facts_(facts), history_(facts.history()), findings_(findings) {}

    void run() {
        for (const PartitionFacts& partition : facts_.partitions()) {
            for (const Gap& gap : partition.gaps) {
                report_gap(gap);
            }
        }
        for (const OperationNumber number : facts_.in_order()) {
            const Operation& operation = history_.at(number);
            if (const auto* const assign = std::get_if<Assign>(&operation.action)) {
                restart(*assign, number);
            } else if (std::holds_alternative<Poll>(operation.action) &&
                       operation.outcome == Outcome::ok) {
                follow(number);
            }
        }
    }

private:
    /// Where the next poll of a reader must begin, and the operation that says so.
    struct Position {
        Offset next;  ///< none if unknown
        OperationNumber operation;
        BrokerId broker = kNoBroker;
    };
    struct Reader {
        bool is_assigned = false;
        std::map<PartitionNumber, Position> positions;
    };

    [[nodiscard]] std::uint32_t line(OperationNumber number) const {
        return history_.at(number).line;
    }

    void report_gap(const Gap& gap) {
        const auto& poll = std::get<Poll>(history_.at(gap.operation).action);
        findings_.add({AnomalyKind::poll_skip,
                       poll.partition,
                       gap.offset,
                       {gap.operation, kNoOperation},
                       fmt::format("line {} asked for offsets from {} on and got {}, but not {}",
                                   line(gap.operation), poll.from, gap.end_offset, gap.offset)});
    }

    void restart(const Assign& assign, OperationNumber number) {
        Reader& reader = readers_[history_.at(number).process];
        reader = {.is_assigned = true, .positions = {}};
        for (const Assign::Position& position : assign.positions) {
            reader.positions[position.partition] = {position.offset, number};
        }
    }

    void follow(OperationNumber number) {
        const Operation& operation = history_.at(number);
        const auto& poll = std::get<Poll>(operation.action);
        check_rise(poll, number);
        Reader& reader = readers_[operation.process];
        const auto [entry, is_new] = reader.positions.try_emplace(poll.partition);
        Position& position = entry->second;
        if (!is_new && reader.is_assigned && position.next != kNoOffset) {
            check_begin(poll, number, position);
        }
        const BrokerId broker = poll.answerer.broker;
        if (position.broker != kNoBroker && broker != kNoBroker && position.broker != broker) {
            findings_.count(Curiosity::broker_change);
        }
        position.broker = broker == kNoBroker ? position.broker : broker;
        position.operation = number;
        position.next = poll.from;
        for (const Record& record : poll.records) {
            position.next = std::max(position.next, record.offset + 1);
        }
    }

    /// Offsets in a poll must rise from `from` on.
    void check_rise(const Poll& poll, OperationNumber number) {
        Offset expected = poll.from;
        for (const Record& record : poll.records) {
            if (record.offset < expected) {
                findings_.add({AnomalyKind::nonmonotonic_poll,
                               poll.partition,
                               record.offset,
                               {number, kNoOperation},
                               fmt::format("line {} got offset {}, but expected {} or higher",
                                           line(number), record.offset, expected)});
                return;
            }
            expected = record.offset + 1;
        }
    }

    /// A poll must begin where the one before it ended.
    void check_begin(const Poll& poll, OperationNumber number, const Position& position) {
        const Operation& operation = history_.at(number);
        const PartitionFacts& partition = facts_.partitions()[poll.partition.value()];
        const bool may_skip = partition.log_starts.at(operation.done) >= poll.from;
        if (poll.from == position.next || (poll.from > position.next && may_skip) ||
            partition.losses.excuse(history_.at(position.operation).invoked, operation.done)) {
            return;
        }
        const bool is_skip = poll.from > position.next;
        findings_.add({is_skip ? AnomalyKind::poll_skip : AnomalyKind::nonmonotonic_poll,
                       poll.partition,
                       std::min(poll.from, position.next),
                       {position.operation, number},
                       fmt::format("'{}' was at offset {} (line {}), but its next poll began at {} "
                                   "(line {})",
                                   history_.name(operation.process), position.next,
                                   line(position.operation), poll.from, line(number))});
    }

    const Facts& facts_;
    const History& history_;
    Findings& findings_;
    std::map<ProcessNumber, Reader> readers_;
};

}  // namespace

void check_polls(const Facts& facts, Findings& findings) {
    PollCheck(facts, findings).run();
}

}  // namespace hw::history
