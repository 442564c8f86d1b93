#pragma once

#include <cstdint>

#include "test/history/findings.h"
#include "test/history/history.h"

namespace hw::history {

/// How much a history holds.
struct Totals {
    std::uint64_t sends_ok = 0;
    std::uint64_t sends_failed = 0;
    std::uint64_t sends_unknown = 0;
    std::uint64_t polls = 0;         ///< ok only, also below
    std::uint64_t records_read = 0;  ///< a record counts each time it is read
    std::uint64_t list_offsets = 0;
    std::uint64_t acknowledged_and_read = 0;  ///< values
};

enum class Judgement : std::uint8_t {
    clean,
    anomalies,
    /// No record was acknowledged and read, so the checks have nothing to find.
    nothing_checked,
};

/// The result of `judge`. The history must outlive it.
struct Verdict {
    Judgement judgement = Judgement::clean;
    Totals totals;
    Findings findings;
};

/// Checks a complete history. Takes O(n log n) for n operations and records.
[[nodiscard]] Verdict judge(const History& history);

}  // namespace hw::history
