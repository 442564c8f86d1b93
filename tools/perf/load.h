#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/address.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "tools/client/client.h"
#include "tools/client/partition_io.h"
#include "tools/perf/report.h"

/// Loads: their options, their target, and running them.
namespace hw::perf {

/// A load of produce requests. Sizes in bytes.
struct ProduceOptions {
    std::string topic;
    std::int32_t partitions = 1;  ///< of the topic, if it is created
    std::string durability = {};  ///< of the topic, if it is created; empty: the default
    std::size_t connections = 8;
    std::size_t in_flight = 5;  ///< requests per connection
    std::size_t record_size = 1024;
    std::size_t batch_size = 65536;  ///< largest; at least one record
    client::Acks acks = client::Acks::all;
    std::optional<std::uint64_t> bytes = {};  ///< total of the batches, rounded up to whole ones
    std::optional<std::chrono::seconds> seconds = {};  ///< either this or `bytes` is set
    /// Requests per second, whether or not the earlier ones were answered; nothing: as fast as the
    /// windows of the connections allow. Used with `seconds`.
    std::optional<std::uint32_t> rate = {};
    std::size_t tails = 0;                          ///< connections that read everything produced
    std::optional<std::int64_t> broker_pid = {};    ///< to report its CPU
    int stop_descriptor = client::Socket::kNoStop;  ///< sending ends when it becomes readable
};

/// A load of fetch requests, which reads the records of a topic again and again. Each connection
/// reads one partition.
struct FetchOptions {
    std::string topic;
    std::size_t connections = 8;
    std::int32_t fetch_size = 1 << 20;                 ///< bytes asked for in a request
    std::optional<std::uint64_t> bytes = {};           ///< total of the batches
    std::optional<std::chrono::seconds> seconds = {};  ///< either this or `bytes` is set
    std::optional<std::int64_t> broker_pid = {};       ///< to report its CPU
    int stop_descriptor = client::Socket::kNoStop;     ///< reading ends when it becomes readable
};

/// A broker and the partitions of the topic that it leads.
struct LeaderOf {
    config::Address address;
    std::vector<PartitionIndex> partitions;
};

/// The offsets of a partition when the load began.
struct LogEnds {
    Offset start_offset;
    Offset end_offset;
};

/// The brokers, API versions and offsets that a load uses.
struct Target {
    ApiVersion version;       ///< of the requests: Produce, or Fetch for a load that only reads
    ApiVersion tail_version;  ///< of Fetch for the tails of a produce load
    bool is_created = false;  ///< the topic was created for this run
    std::vector<LeaderOf> leaders;
    std::map<PartitionIndex, LogEnds> log_ends;  ///< if the load reads
};

/// Runs a load until it is done or stopped, and waits for the last answer. Blocks; uses one thread
/// and one epoll. A failure during the load is in the report. Errors before anything was sent:
/// closed, not_found, timed_out, invalid.
[[nodiscard]] Result<LoadReport> run_load(const ProduceOptions& options, const Target& target);
[[nodiscard]] Result<LoadReport> run_load(const FetchOptions& options, const Target& target);

}  // namespace hw::perf
