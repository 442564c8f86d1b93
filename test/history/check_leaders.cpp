#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "test/history/checks.h"

namespace hw::history {
namespace {

constexpr Time kBeforeAll{std::numeric_limits<std::int64_t>::min()};

/// Checks the answers of one partition's leaders.
class LeaderCheck {
public:
    LeaderCheck(const Facts& facts, PartitionNumber partition, Findings& findings)
        : history_(facts.history()),
          partition_(partition),
          of_(facts.partitions()[partition.value()]),
          findings_(findings) {}

    void run() {
        collect();
        for (const auto& [key, answers] : series_) {
            check_series(key.second, answers);
        }
        check_latest();
    }

private:
    /// Offsets that must not fall within a leader epoch. `stable` is the last stable offset.
    enum class Series : std::uint8_t { watermark, stable, log_start };
    struct Epoch {
        BrokerId leader = kNoBroker;
        OperationNumber operation = kNoOperation;  ///< that told the leader; none if declared
        Time elected = kBeforeAll;                 ///< or later; before all if not declared
        bool is_reported = false;
    };

    [[nodiscard]] std::uint32_t line(OperationNumber number) const {
        return history_.at(number).line;
    }

    void collect() {
        for (const LeaderElection& election : of_.elections) {
            note_leader(election.epoch, election.broker, kNoOperation);
            epochs_[election.epoch].elected = election.at;
        }
        for (const OperationNumber number : of_.polls) {
            const auto& poll = std::get<Poll>(history_.at(number).action);
            note_answer(poll.answerer, number);
            if (poll.high_watermark != kNoOffset) {
                note_offset(poll.answerer, Series::watermark, poll.high_watermark, number);
            }
        }
        for (const OperationNumber number : of_.lists) {
            const auto& list = std::get<ListOffsets>(history_.at(number).action);
            note_answer(list.answerer, number);
            note_offset(list.answerer, series_of(list), list.offset, number);
        }
    }

    [[nodiscard]] static Series series_of(const ListOffsets& list) {
        if (list.kind == ListOffsetsKind::earliest) {
            return Series::log_start;
        }
        return list.isolation == IsolationLevel::read_committed ? Series::stable
                                                                : Series::watermark;
    }

    void note_answer(const Answerer& answerer, OperationNumber number) {
        if (answerer.leader_epoch != kNoLeaderEpoch) {
            note_leader(answerer.leader_epoch, answerer.broker, number);
        }
    }

    void note_leader(LeaderEpoch number, BrokerId leader, OperationNumber operation) {
        Epoch& epoch = epochs_[number];
        if (leader == kNoBroker || leader == epoch.leader) {
            return;
        }
        if (epoch.leader == kNoBroker) {
            epoch.leader = leader;
            epoch.operation = operation;
        } else if (!epoch.is_reported) {
            epoch.is_reported = true;
            findings_.add(
                {AnomalyKind::two_leaders,
                 partition_,
                 kNoOffset,
                 {operation, epoch.operation},
                 fmt::format("in leader epoch {} broker {} {}, but broker {} {}", number, leader,
                             role(operation), epoch.leader, role(epoch.operation))});
        }
    }

    [[nodiscard]] std::string role(OperationNumber number) const {
        return number == kNoOperation ? "was elected"
                                      : fmt::format("answered as leader (line {})", line(number));
    }

    void note_offset(const Answerer& answerer, Series series, Offset offset,
                     OperationNumber number) {
        if (answerer.leader_epoch != kNoLeaderEpoch) {
            const Operation& operation = history_.at(number);
            series_[{answerer.leader_epoch, series}].push_back(
                {offset, number, operation.invoked, operation.done});
        }
    }

    void check_series(Series series, const std::vector<Proof>& answers) {
        std::vector<Proof> in_order = answers;
        std::ranges::sort(in_order, {},
                          [](const Proof& of) { return std::tuple(of.invoked, of.operation); });
        HighestProof highest(of_.losses, answers);
        for (const Proof& answer : in_order) {
            const Proof* const earlier = highest.before(answer.invoked, answer.done);
            if (earlier != nullptr && earlier->offset > answer.offset) {
                report_decrease(series, *earlier, answer);
            }
        }
    }

    void report_decrease(Series series, const Proof& earlier, const Proof& answer) {
        const bool is_start = series == Series::log_start;
        findings_.add({is_start ? AnomalyKind::log_start_decrease : AnomalyKind::watermark_decrease,
                       partition_,
                       answer.offset,
                       {earlier.operation, answer.operation},
                       fmt::format("line {} told {}, and later line {} told {} in the same leader "
                                   "epoch",
                                   line(earlier.operation), earlier.offset, line(answer.operation),
                                   answer.offset)});
    }

    /// Compares the latest offsets with the records that were known before each request.
    void check_latest() {
        std::vector<Proof> records;
        for (const Sighting& sighting : of_.sightings) {
            records.push_back(
                {sighting.offset + 1, sighting.operation, sighting.invoked, sighting.done});
        }
        HighestProof highest(of_.losses, std::move(records));
        for (const OperationNumber number : of_.lists) {
            const Operation& operation = history_.at(number);
            const auto& list = std::get<ListOffsets>(operation.action);
            if (series_of(list) == Series::watermark) {
                const Proof* const known = highest.before(operation.invoked, operation.done);
                check_answer(list, number, known);
            }
        }
    }

    void check_answer(const ListOffsets& list, OperationNumber number, const Proof* known) {
        if (known == nullptr || list.offset >= known->offset) {
            return;
        }
        const LeaderEpoch epoch = list.answerer.leader_epoch;
        const bool may_be_stale =
            epoch == kNoLeaderEpoch || earliest_end(epoch) <= history_.at(number).invoked;
        if (may_be_stale) {
            findings_.count(Curiosity::stale_read);
            return;
        }
        findings_.add({AnomalyKind::low_list_offsets,
                       partition_,
                       list.offset,
                       {known->operation, number},
                       fmt::format("the leader of epoch {} told the latest offset {} (line {}), "
                                   "but offset {} was known before (line {})",
                                   epoch, list.offset, line(number), known->offset - 1,
                                   line(known->operation))});
    }

    /// The earliest time at which the next epoch can have begun. A later epoch proves that the next
    /// one has begun, and without a declaration that can have been at any time.
    [[nodiscard]] Time earliest_end(LeaderEpoch epoch) const {
        if (epoch == epochs_.rbegin()->first) {
            return kNeverDone;
        }
        const auto next = epochs_.find(epoch + 1);
        return next == epochs_.end() ? kBeforeAll : next->second.elected;
    }

    const History& history_;
    PartitionNumber partition_;
    const PartitionFacts& of_;
    Findings& findings_;
    std::map<LeaderEpoch, Epoch> epochs_;
    std::map<std::pair<LeaderEpoch, Series>, std::vector<Proof>> series_;
};

}  // namespace

void check_leaders(const Facts& facts, Findings& findings) {
    for (std::uint32_t i = 0; i < facts.partitions().size(); ++i) {
        LeaderCheck(facts, PartitionNumber(i), findings).run();
    }
}

}  // namespace hw::history
