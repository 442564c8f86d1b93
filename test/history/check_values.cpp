#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "test/history/checks.h"

namespace hw::history {
namespace {

/// Checks the records of one partition.
class ValueCheck {
public:
    ValueCheck(const Facts& facts, PartitionNumber partition, Findings& findings)
        : facts_(facts),
          history_(facts.history()),
          partition_(partition),
          of_(facts.partitions()[partition.value()]),
          findings_(findings) {}

    void run() {
        check_offsets();
        check_places();
        check_watermarks();
    }

private:
    [[nodiscard]] std::uint32_t line(OperationNumber number) const {
        return history_.at(number).line;
    }

    void check_offsets() {
        const auto& all = of_.sightings;
        bool is_reported = false;
        for (std::size_t i = 1; i < all.size(); ++i) {
            if (all[i - 1].offset != all[i].offset) {
                is_reported = false;
            } else if (!is_reported && conflict(all[i - 1], all[i])) {
                is_reported = true;
                report_conflict(all[i - 1], all[i]);
            }
        }
    }

    /// Do two sightings of one offset contradict each other? The first one began first.
    [[nodiscard]] bool conflict(const Sighting& first, const Sighting& second) const {
        if (first.value == second.value ||
            of_.losses.excuse(first.invoked, std::max(first.done, second.done))) {
            return false;
        }
        // Then the acknowledged record is a lost write, and nothing more.
        const bool is_overwritten = !first.is_read && second.is_read &&
                                    first.done < second.invoked &&
                                    facts_.of(first.value).first_read == kNoOperation;
        return !is_overwritten;
    }

    void report_conflict(const Sighting& first, const Sighting& second) {
        const auto verb = [](const Sighting& of) { return of.is_read ? "read" : "acknowledged"; };
        findings_.add(
            {AnomalyKind::inconsistent_offsets,
             partition_,
             second.offset,
             {first.operation, second.operation},
             fmt::format("'{}' was {} here (line {}), and '{}' was {} here (line {})",
                         history_.text(first.value), verb(first), line(first.operation),
                         history_.text(second.value), verb(second), line(second.operation))});
    }

    /// Checks where each value was seen.
    void check_places() {
        std::vector<Sighting> all = of_.sightings;
        std::ranges::sort(all, {}, [](const Sighting& of) {
            return std::tuple(of.value, of.invoked, of.operation, of.offset);
        });
        for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
            while (end < all.size() && all[end].value == all[begin].value) {
                ++end;
            }
            check_value(std::span(all).subspan(begin, end - begin));
        }
    }

    /// Checks all sightings of one value, in the order of `invoked`.
    void check_value(std::span<const Sighting> sightings) {
        for (std::size_t i = 1; i < sightings.size(); ++i) {
            const Sighting& first = sightings[i - 1];
            const Sighting& second = sightings[i];
            if (first.offset != second.offset &&
                !of_.losses.excuse(first.invoked, std::max(first.done, second.done))) {
                report_duplicate(first, second);
                break;
            }
        }
        const auto read = std::ranges::find(sightings, true, &Sighting::is_read);
        if (read != sightings.end()) {
            check_read(*read);
        }
    }

    void report_duplicate(const Sighting& first, const Sighting& second) {
        if (!facts_.of(first.value).is_idempotent) {
            findings_.count(Curiosity::plain_duplicate);
            return;
        }
        findings_.add({AnomalyKind::duplicate,
                       partition_,
                       second.offset,
                       {first.operation, second.operation},
                       fmt::format("'{}' is at offset {} (line {}) and at offset {} (line {})",
                                   history_.text(first.value), first.offset, line(first.operation),
                                   second.offset, line(second.operation))});
    }

    /// Checks that a value which was read may exist.
    void check_read(const Sighting& read) {
        const ValueFacts& value = facts_.of(read.value);
        const std::string_view text = history_.text(read.value);
        if (value.partition != partition_) {
            const std::string elsewhere =
                value.partition == kNoPartition
                    ? "which nobody sent"
                    : fmt::format("which was sent to {}", history_.name(value.partition));
            report(AnomalyKind::unknown_value, read, value,
                   fmt::format("line {} read '{}', {}", line(read.operation), text, elsewhere));
            return;
        }
        const std::uint32_t sent = line(value.first_send);
        if (value.is_failed) {
            report(AnomalyKind::dirty_read, read, value,
                   fmt::format("line {} read '{}', whose send definitely failed (line {})",
                               line(read.operation), text, sent));
        }
        const Operation& first_read = history_.at(value.first_read);
        if (first_read.done < history_.at(value.first_send).invoked) {
            report(AnomalyKind::read_before_send, read, value,
                   fmt::format("line {} read '{}', which was sent later (line {})", first_read.line,
                               text, sent));
        }
    }

    void report(AnomalyKind kind, const Sighting& read, const ValueFacts& value,
                std::string message) {
        findings_.add({kind,
                       partition_,
                       read.offset,
                       {read.operation, value.first_send},
                       std::move(message)});
    }

    void check_watermarks() {
        for (const OperationNumber number : of_.polls) {
            const auto& poll = std::get<Poll>(history_.at(number).action);
            const Offset watermark = poll.high_watermark;
            const auto above = std::ranges::find_if(poll.records, [&](const Record& record) {
                return watermark != kNoOffset && record.offset >= watermark;
            });
            if (above != poll.records.end()) {
                findings_.add({AnomalyKind::above_watermark,
                               partition_,
                               above->offset,
                               {number, kNoOperation},
                               fmt::format("line {} read '{}' in an answer whose high watermark "
                                           "is {}",
                                           line(number), history_.text(above->value), watermark)});
            }
        }
    }

    const Facts& facts_;
    const History& history_;
    PartitionNumber partition_;
    const PartitionFacts& of_;
    Findings& findings_;
};

}  // namespace

void check_values(const Facts& facts, Findings& findings) {
    for (std::uint32_t i = 0; i < facts.partitions().size(); ++i) {
        ValueCheck(facts, PartitionNumber(i), findings).run();
    }
}

}  // namespace hw::history
