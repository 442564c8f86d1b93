#pragma once

#include <string>
#include <vector>

#include "test/history/judge.h"

namespace hw::history {

/// The most operations that a report shows around one anomaly.
inline constexpr std::size_t kShownMax = 24;

/// The operations that explain an anomaly, in the order of `invoked`: those that it names, and
/// those that touch its offset or the three before and after it. At most kShownMax: those that the
/// anomaly names, and of the others those nearest in time. `left_out` is the number of the rest.
struct Shown {
    std::vector<OperationNumber> operations;
    std::size_t left_out = 0;
};
[[nodiscard]] Shown operations_around(const History& history, const Anomaly& anomaly);

/// One operation as a line for people. Of a poll's records it shows those around `offset`.
[[nodiscard]] std::string describe(const History& history, OperationNumber number, Offset offset);

/// The verdict as text for people, or as one JSON object for programs.
[[nodiscard]] std::string text_report(const History& history, const Verdict& verdict);
[[nodiscard]] std::string json_report(const History& history, const Verdict& verdict);

}  // namespace hw::history
