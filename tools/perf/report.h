#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/perf/process.h"
#include "tools/perf/tally.h"

namespace hw::perf {

/// Result and CPU cost of a load. Rates count requests that were answered without an error.
struct LoadReport {
    std::string topic;
    std::size_t partitions = 0;
    bool is_created = false;            ///< the topic was created for this run
    std::size_t batch_size = 0;         ///< bytes of the batch in each request; 0 for fetches
    std::int32_t batch_records = 0;     ///< records in it
    std::optional<std::uint32_t> rate;  ///< requested requests per second
    Tally tally;
    std::optional<Tally> tail;           ///< what the tails read at the same time
    Costs costs;                         ///< from the first request to the last answer
    std::optional<std::string> failure;  ///< why it ended early

    [[nodiscard]] bool is_success() const { return !failure && tally.refused.empty(); }
};

/// Aligned lines for people. MB and GB are 10^6 and 10^9 bytes.
[[nodiscard]] std::string to_text(const LoadReport& report);

/// One JSON object on one line. Its keys name the units; what was not measured is null.
[[nodiscard]] std::string to_json(const LoadReport& report);

}  // namespace hw::perf
