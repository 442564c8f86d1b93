#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/address.h"
#include "protocol/base/result.h"

namespace hw::perf {

enum class OutputForm : std::uint8_t { text, json };

/// What `perf produce` is told. Sizes in bytes.
struct ProduceOptions {
    config::Address bootstrap{"127.0.0.1", 9092};
    std::string topic = "perf-produce";
    std::int32_t partitions = 1;  ///< of a topic that is made
    std::string durability;       ///< of a topic that is made; empty: the broker's default
    std::size_t connections = 8;
    std::size_t in_flight = 5;  ///< requests a connection
    std::size_t record_size = 1024;
    std::size_t batch_size = 65536;
    std::int16_t acks = 1;
    std::optional<std::uint64_t> bytes;           ///< of batches, in all
    std::optional<std::chrono::seconds> seconds;  ///< exactly one of the two is set
    std::chrono::seconds wait{0};                 ///< for a broker that is just starting
    std::optional<std::int64_t> broker_pid;
    OutputForm output = OutputForm::text;
    bool help = false;
};

/// The options, checked. Errors: invalid, as a sentence that names option, value and rule.
[[nodiscard]] Result<ProduceOptions> parse_produce_options(
    const std::vector<std::string>& arguments);

/// What `--help` prints.
[[nodiscard]] std::string produce_help();

}  // namespace hw::perf
