#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/perf/tally.h"

namespace hw::perf {

/// What a load did and what it cost. Rates count acknowledged requests only.
struct ProduceReport {
    std::string topic;
    std::size_t partitions = 0;
    bool created = false;        ///< the topic was made for this run
    std::size_t batch_size = 0;  ///< bytes of the batch that each request carries
    std::int32_t batch_records = 0;
    Tally tally;
    std::chrono::nanoseconds elapsed{0};  ///< from the first request to the last answer
    std::chrono::nanoseconds driver_cpu{0};
    std::optional<std::chrono::nanoseconds> broker_cpu;
    std::optional<std::string> failure;  ///< why it ended early

    [[nodiscard]] bool all_acknowledged() const { return !failure && tally.refused.empty(); }
    [[nodiscard]] std::uint64_t bytes() const { return tally.acknowledged * batch_size; }
    [[nodiscard]] std::uint64_t records() const {
        return tally.acknowledged * static_cast<std::uint64_t>(batch_records);
    }
};

/// Aligned lines for people. MB and GB are 10^6 and 10^9 bytes.
[[nodiscard]] std::string to_text(const ProduceReport& report);

/// One object on one line, its keys with their units; what was not measured is null.
[[nodiscard]] std::string to_json(const ProduceReport& report);

}  // namespace hw::perf
