#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "test/history/checks.h"

namespace hw::history {
namespace {

/// Checks the order of the records of one partition.
class OrderCheck {
public:
    OrderCheck(const Facts& facts, PartitionNumber partition, Findings& findings)
        : facts_(facts),
          history_(facts.history()),
          partition_(partition),
          of_(facts.partitions()[partition.value()]),
          findings_(findings) {}

    void run() {
        check_producers();
        check_real_time();
    }

private:
    /// An idempotent producer, or else a process.
    using ProducerKey = std::tuple<ProducerId, ProcessNumber>;

    /// A send whose offset is known, and the operation that shows the offset last.
    struct Placed {
        OperationNumber send;
        Offset offset;
        Time invoked;
        Time shown;
        bool is_acknowledged = false;
    };

    [[nodiscard]] std::uint32_t line(OperationNumber number) const {
        return history_.at(number).line;
    }

    /// The place of a send's record, if it is known and permanent. A record that was acknowledged
    /// by its leader alone has a place only if it was read, because another leader may have removed
    /// it. The retries of an idempotent producer have no place, only their first attempt.
    [[nodiscard]] std::optional<Placed> place(OperationNumber number) const {
        const Operation& operation = history_.at(number);
        const auto& send = std::get<Send>(operation.action);
        const ValueFacts& value = facts_.of(send.value);
        const bool is_first = value.first_send == number;
        if (value.is_idempotent) {
            return is_first ? place_of_value(value) : std::nullopt;
        }
        if (operation.outcome == Outcome::ok && send.acks == Acks::all &&
            send.offset != kNoOffset) {
            return Placed{number, send.offset, operation.invoked, operation.done, true};
        }
        const bool is_retried = value.acknowledgement != kNoOperation;
        return is_first && !is_retried ? place_of_value(value) : std::nullopt;
    }

    [[nodiscard]] std::optional<Placed> place_of_value(const ValueFacts& value) const {
        const Offset offset = facts_.committed_offset(value);
        if (offset == kNoOffset) {
            return std::nullopt;
        }
        const bool is_acknowledged = value.acknowledgement != kNoOperation;
        const OperationNumber shown = is_acknowledged ? value.acknowledgement : value.first_read;
        return Placed{value.first_send, offset, history_.at(value.first_send).invoked,
                      history_.at(shown).done, is_acknowledged};
    }

    void check_producers() {
        std::map<ProducerKey, Placed> highest;
        for (const OperationNumber number : of_.sends) {
            const auto& send = std::get<Send>(history_.at(number).action);
            const auto placed = place(number);
            if (!placed) {
                continue;
            }
            const bool is_idempotent = send.producer != kNoProducerId;
            const ProducerKey key{send.producer,
                                  is_idempotent ? ProcessNumber() : history_.at(number).process};
            const auto [entry, is_first] = highest.emplace(key, *placed);
            if (is_first || placed->offset >= entry->second.offset) {
                entry->second = *placed;
            } else if (of_.losses.excuse(entry->second.invoked, placed->shown)) {
                entry->second = *placed;
            } else {
                report_producer(entry->second, *placed, is_idempotent);
            }
        }
    }

    void report_producer(const Placed& first, const Placed& second, bool is_idempotent) {
        if (is_idempotent) {
            findings_.add(
                {AnomalyKind::nonmonotonic_send,
                 partition_,
                 second.offset,
                 {first.send, second.send},
                 fmt::format("line {} was sent before line {} by one producer, but has "
                             "offset {} and not less than {}",
                             line(first.send), line(second.send), first.offset, second.offset)});
        } else if (history_.at(first.send).done >= second.invoked) {
            findings_.count(Curiosity::plain_reorder);
        }
    }

    void check_real_time() {
        std::vector<Proof> proofs;
        for (const OperationNumber number : of_.sends) {
            const auto placed = place(number);
            if (placed && placed->is_acknowledged) {
                proofs.push_back({placed->offset, number, placed->invoked, placed->shown});
            }
        }
        HighestProof highest(of_.losses, std::move(proofs));
        for (const OperationNumber number : of_.sends) {
            const auto placed = place(number);
            if (!placed) {
                continue;
            }
            const Proof* const proof = highest.before(placed->invoked, placed->shown);
            if (proof != nullptr && proof->offset > placed->offset &&
                !is_of_one_producer(proof->operation, number)) {
                report_real_time(*proof, *placed);
            }
        }
    }

    /// Then `check_producers` reports the pair.
    [[nodiscard]] bool is_of_one_producer(OperationNumber a, OperationNumber b) const {
        const ProducerId producer = std::get<Send>(history_.at(a).action).producer;
        return producer != kNoProducerId &&
               producer == std::get<Send>(history_.at(b).action).producer;
    }

    void report_real_time(const Proof& first, const Placed& second) {
        findings_.add(
            {AnomalyKind::realtime_order,
             partition_,
             second.offset,
             {first.operation, second.send},
             fmt::format("line {} was acknowledged before line {} was sent, but has "
                         "offset {} and not less than {}",
                         line(first.operation), line(second.send), first.offset, second.offset)});
    }

    const Facts& facts_;
    const History& history_;
    PartitionNumber partition_;
    const PartitionFacts& of_;
    Findings& findings_;
};

}  // namespace

void check_order(const Facts& facts, Findings& findings) {
    for (std::uint32_t i = 0; i < facts.partitions().size(); ++i) {
        OrderCheck(facts, PartitionNumber(i), findings).run();
    }
}

}  // namespace hw::history
