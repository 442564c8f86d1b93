#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tools/client/partition_io.h"

namespace hw::perf {

/// What a load of produce requests is. Sizes in bytes.
struct ProduceOptions {
    std::string topic;
    std::int32_t partitions = 1;  ///< of a topic that is made
    std::string durability = {};  ///< of a topic that is made; empty: the broker's default
    std::size_t connections = 8;
    std::size_t in_flight = 5;  ///< requests a connection
    std::size_t record_size = 1024;
    std::size_t batch_size = 65536;  ///< at most, but one record at least
    client::Acks acks = client::Acks::all;
    std::optional<std::uint64_t> bytes = {};  ///< of batches, in all, rounded up to whole ones
    std::optional<std::chrono::seconds> seconds = {};  ///< one of the two is set
    std::optional<std::int64_t> broker_pid = {};       ///< to report its CPU
    int stop_descriptor = client::Socket::kNoStop;     ///< ends the sending once it is readable
};

}  // namespace hw::perf
