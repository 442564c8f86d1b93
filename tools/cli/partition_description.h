#pragma once

#include <optional>
#include <string>

#include "tools/client/partition_io.h"
#include "tools/client/partition_states.h"

/// A partition with the state of its replicas, as text and as JSON.
namespace hw::cli {

/// What is known of a partition. Without `state` its leader told only the ends of the log, or
/// nothing.
struct PartitionDescription {
    client::PartitionName name;
    client::PartitionView partition;
    std::optional<Offset> earliest;
    std::optional<Offset> latest;  ///< the end of the records that consumers can read
    std::optional<client::PartitionState> state;
    std::optional<Error> error;  ///< why something is missing

    /// Takes what the leader knows; it is newer than `partition`.
    void take(client::PartitionState known);
};

/// Lines with names and values, a table of the replicas, and a sentence for each replica that is
/// not in sync, and for a high watermark that is below the log end.
[[nodiscard]] std::string text_of(const PartitionDescription& description);

/// An object; null stands for what is not known.
[[nodiscard]] std::string json_of(const PartitionDescription& description);

}  // namespace hw::cli
