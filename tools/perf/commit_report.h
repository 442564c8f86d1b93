#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/perf/process.h"
#include "tools/perf/tally.h"

namespace hw::perf {

/// Result and cost of a load of commits. Rates count requests that were answered without an error.
struct CommitReport {
    std::string topic;
    bool is_created = false;      ///< the topic was created for this run
    std::int32_t partitions = 0;  ///< in each request
    std::size_t groups = 0;
    std::size_t connections = 0;
    std::size_t in_flight = 0;           ///< per connection
    Tally tally;                         ///< its records are the offsets
    Costs costs;                         ///< from the first request to the last answer
    std::optional<std::string> failure;  ///< why it ended early

    [[nodiscard]] bool is_success() const { return !failure && tally.refused.empty(); }
};

/// Aligned lines for people.
[[nodiscard]] std::string to_text(const CommitReport& report);
/// One JSON object on one line. Its keys name the units; what was not measured is null.
[[nodiscard]] std::string to_json(const CommitReport& report);

}  // namespace hw::perf
