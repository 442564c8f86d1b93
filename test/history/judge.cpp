#include "test/history/judge.h"

#include "test/history/checks.h"

namespace hw::history {
namespace {

void count_operation(const Operation& operation, Totals& totals) {
    const bool is_ok = operation.outcome == Outcome::ok;
    if (std::holds_alternative<Send>(operation.action)) {
        totals.sends_ok += is_ok ? 1 : 0;
        totals.sends_failed += operation.outcome == Outcome::fail ? 1 : 0;
        totals.sends_unknown += operation.outcome == Outcome::info ? 1 : 0;
    } else if (const auto* const poll = std::get_if<Poll>(&operation.action); poll && is_ok) {
        ++totals.polls;
        totals.records_read += poll->records.size();
    } else if (std::holds_alternative<ListOffsets>(operation.action)) {
        totals.list_offsets += is_ok ? 1 : 0;
    }
}

/// Counts how the sends of one value turned out.
void count_value(const ValueFacts& value, Totals& totals, Findings& findings) {
    if (value.first_send == kNoOperation) {
        return;
    }
    const bool is_read = value.first_read != kNoOperation;
    if (value.is_acknowledged) {
        totals.acknowledged_and_read += is_read ? 1 : 0;
        if (!is_read) {
            findings.count(value.acknowledgement == kNoOperation
                               ? Curiosity::weak_not_read
                               : Curiosity::acknowledged_not_read);
        }
    } else if (!value.is_failed) {
        findings.count(is_read ? Curiosity::unknown_read : Curiosity::unknown_not_read);
    }
}

}  // namespace

Verdict judge(const History& history) {
    Verdict verdict{.totals = {}, .findings = Findings(history.operations())};
    const Facts facts(history);
    check_values(facts, verdict.findings);
    check_losses(facts, verdict.findings);
    check_polls(facts, verdict.findings);
    check_order(facts, verdict.findings);
    check_leaders(facts, verdict.findings);

    for (const Operation& operation : history.operations()) {
        count_operation(operation, verdict.totals);
    }
    for (const ValueFacts& value : facts.values()) {
        count_value(value, verdict.totals, verdict.findings);
    }
    if (verdict.findings.kinds() > 0) {
        verdict.judgement = Judgement::anomalies;
    } else if (verdict.totals.acknowledged_and_read == 0) {
        verdict.judgement = Judgement::nothing_checked;
    }
    return verdict;
}

}  // namespace hw::history
