#include "broker/node_limits.h"

#include "storage/producer_limit.h"

namespace hw::broker {

Result<NodeLimits> limits_of_node(const ProcessResources& process,
                                  const config::BrokerConfig& config) {
    constexpr std::size_t kShareOfMemory = 4;
    // A log has at most two open files: its newest segment, and an old one that is being read. A
    // tenth of the limit is left for files that are open briefly, such as checkpoints. Without
    // that tenth, reaching the limit would look like a failed disk.
    constexpr std::size_t kFilesPerLog = 2;
    constexpr std::size_t kMinFiles = 128;
    const std::size_t min_files = kMinFiles * process.nodes;
    if (process.open_files < min_files) {
        return fail(
            ErrorKind::limit,
            "the limit of open files is {}, but {} at least {}: raise it (ulimit -n, in a "
            "systemd unit LimitNOFILE=)",
            process.open_files,
            process.nodes == 1 ? "a node needs" : fmt::format("{} nodes need", process.nodes),
            min_files);
    }
    const std::size_t lasting = (process.open_files - process.open_files / 10) / process.nodes;
    NodeLimits limits;
    limits.connections_max = lasting / 2;
    limits.logs_max = lasting / 2 / kFilesPerLog;
    const std::size_t of_all = config.memory_limit ? static_cast<std::size_t>(*config.memory_limit)
                                                   : process.memory / kShareOfMemory;
    const std::size_t memory = of_all / process.nodes;
    // An eighth is for producer entries, an eighth for groups, the rest is the request memory
    // (broker/net/README.md).
    const std::size_t eighth = memory / 8;
    limits.producers_max = eighth / storage::kProducerMemory;
    limits.groups = eighth;
    limits.memory = memory - 2 * eighth;
    return limits;
}

}  // namespace hw::broker
