#include <algorithm>
#include <iterator>
#include <queue>
#include <ranges>
#include <set>
#include <span>

#include <fmt/format.h>

#include "test/history/checks.h"

namespace hw::history {
namespace {

/// Finds for rising offsets the gap that covers the offset and began last.
class GapSweep {
public:
    explicit GapSweep(const std::vector<Gap>& gaps) : gaps_(gaps) {}

    [[nodiscard]] const Gap* covering(Offset offset) {
        for (; next_ < gaps_.size() && gaps_[next_].offset <= offset; ++next_) {
            open_.push(&gaps_[next_]);
        }
        while (!open_.empty() && open_.top()->end_offset <= offset) {
            open_.pop();
        }
        return open_.empty() ? nullptr : open_.top();
    }

private:
    struct BeganEarlier {
        bool operator()(const Gap* a, const Gap* b) const { return a->invoked < b->invoked; }
    };

    const std::vector<Gap>& gaps_;
    std::size_t next_ = 0;
    std::priority_queue<const Gap*, std::vector<const Gap*>, BeganEarlier> open_;
};

/// A poll that asked for an offset and did not get a certain value there.
struct Contrary {
    OperationNumber operation;
    Time invoked;
    Time done;
    ValueNumber instead = kNoValue;  ///< the value there; none if there was a gap
};

/// Finds the records of one partition that must exist and are gone. A record must exist once it was
/// acknowledged with acks=all or read.
class LossCheck {
public:
    LossCheck(const Facts& facts, PartitionNumber partition, Findings& findings)
        : facts_(facts),
          history_(facts.history()),
          partition_(partition),
          of_(facts.partitions()[partition.value()]),
          findings_(findings),
          gaps_(of_.gaps) {}

    void run() {
        const std::span<const Sighting> all = of_.sightings;
        for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
            while (end < all.size() && all[end].offset == all[begin].offset) {
                ++end;
            }
            check_offset(all.subspan(begin, end - begin));
        }
        for (const OperationNumber number : of_.sends) {
            check_without_offset(number);
        }
    }

private:
    [[nodiscard]] std::uint32_t line(OperationNumber number) const {
        return history_.at(number).line;
    }

    /// Checks all sightings of one offset, in the order of `invoked`.
    void check_offset(std::span<const Sighting> sightings) {
        const Gap* const gap = gaps_.covering(sightings.front().offset);
        reads_.clear();
        std::ranges::copy_if(sightings, std::back_inserter(reads_), &Sighting::is_read);
        // From the last one on: of each value only the last sighting counts.
        seen_.clear();
        for (const Sighting& last : std::views::reverse(sightings)) {
            if (seen_.insert(last.value).second) {
                check_record(last, find_contrary(last, gap));
            }
        }
    }

    /// A poll that proves that the record was not there any more: the first one that can, because a
    /// loss between the two would excuse it. `record` is the last sighting of its value, so later
    /// reads have another one.
    [[nodiscard]] std::optional<Contrary> find_contrary(const Sighting& record,
                                                        const Gap* gap) const {
        std::optional<Contrary> found;
        const auto read = std::ranges::upper_bound(reads_, record.done, {}, &Sighting::invoked);
        if (read != reads_.end()) {
            found = {read->operation, read->invoked, read->done, read->value};
        }
        if (gap != nullptr && gap->invoked > record.done &&
            (!found || gap->invoked < found->invoked)) {
            found = {gap->operation, gap->invoked, gap->done};
        }
        return found;
    }

    void check_record(const Sighting& record, const std::optional<Contrary>& contrary) {
        if (!contrary) {
            check_final_read(record);
            return;
        }
        if (of_.losses.excuse(record.invoked, contrary->done)) {
            findings_.count(Curiosity::excused_loss);
            return;
        }
        const ValueFacts& value = facts_.of(record.value);
        const bool is_acknowledged = value.acknowledgement != kNoOperation;
        const bool is_gap = contrary->instead == kNoValue;
        // Other values at the offset of a record that was only read are inconsistent offsets, and
        // nothing more.
        if (!is_gap && !is_acknowledged) {
            return;
        }
        const std::string instead =
            is_gap ? "no record here" : fmt::format("'{}' here", history_.text(contrary->instead));
        report_gone(record, contrary->operation,
                    fmt::format("line {} read {}", line(contrary->operation), instead));
    }

    void report_gone(const Sighting& record, OperationNumber proof, const std::string& reason) {
        const ValueFacts& value = facts_.of(record.value);
        const bool is_acknowledged = value.acknowledgement != kNoOperation;
        const OperationNumber known = is_acknowledged ? value.acknowledgement : record.operation;
        findings_.add(
            {is_acknowledged ? AnomalyKind::lost_write : AnomalyKind::phantom,
             partition_,
             record.offset,
             {known, proof},
             fmt::format("'{}' was {} (line {}), but {}", history_.text(record.value),
                         is_acknowledged ? "acknowledged" : "read", line(known), reason)});
    }

    /// Does the final read have to return what an operation has shown?
    [[nodiscard]] bool must_be_found(const Operation& shown) const {
        return history_.final_read() && shown.done < *history_.final_read() &&
               !history_.is_deleted(partition_);
    }

    void check_final_read(const Sighting& record) {
        if (!must_be_found(history_.at(record.operation)) ||
            record.offset < of_.log_starts.at(kNeverDone)) {
            return;
        }
        if (of_.losses.excuse(record.invoked, kNeverDone)) {
            findings_.count(Curiosity::excused_loss);
            return;
        }
        const Offset end = of_.final_high_watermark;
        if (end != kNoOffset && end <= record.offset) {
            report_gone(record, kNoOperation,
                        fmt::format("the log ends at {} in the final read", end));
            return;
        }
        report_unseen(record.operation, record.value, record.offset);
    }

    /// Checks a record whose acknowledgement told no offset, and which nobody has read.
    void check_without_offset(OperationNumber number) {
        const Operation& operation = history_.at(number);
        const auto& send = std::get<Send>(operation.action);
        const ValueFacts& value = facts_.of(send.value);
        if (value.acknowledgement != number || send.offset != kNoOffset ||
            value.first_read != kNoOperation || !must_be_found(operation) ||
            of_.log_starts.at(kNeverDone) > Offset(0)) {
            return;
        }
        if (of_.losses.excuse(operation.invoked, kNeverDone)) {
            findings_.count(Curiosity::excused_loss);
            return;
        }
        report_unseen(number, send.value, kNoOffset);
    }

    void report_unseen(OperationNumber shown, ValueNumber value, Offset offset) {
        const bool is_read = std::holds_alternative<Poll>(history_.at(shown).action);
        findings_.add(
            {AnomalyKind::unseen,
             partition_,
             offset,
             {shown, kNoOperation},
             fmt::format("'{}' was {} (line {}), but the final read did not return it",
                         history_.text(value), is_read ? "read" : "acknowledged", line(shown))});
    }

    const Facts& facts_;
    const History& history_;
    PartitionNumber partition_;
    const PartitionFacts& of_;
    Findings& findings_;
    GapSweep gaps_;
    // Of the offset that is being checked.
    std::vector<Sighting> reads_;
    std::set<ValueNumber> seen_;
};

}  // namespace

void check_losses(const Facts& facts, Findings& findings) {
    for (std::uint32_t i = 0; i < facts.partitions().size(); ++i) {
        LossCheck(facts, PartitionNumber(i), findings).run();
    }
}

}  // namespace hw::history
