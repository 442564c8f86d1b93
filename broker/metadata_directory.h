#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "broker/quorum/bootstrap_checkpoint.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/disk.h"

namespace hw::broker {

/// The files in the directory of the metadata log that tell its history, before a start or a format
/// changes anything.
struct MetadataDirectory {
    bool is_formatted = false;   ///< meta.properties exists: by a format or an earlier start
    BrokerId owner = kNoBroker;  ///< the node in meta.properties
    /// Kafka's format made a checkpoint here. Ours makes one too, and the files below.
    bool has_checkpoint = false;
    bool has_partition_metadata = false;
    bool has_quorum_state = false;
    bool has_vote = false;  ///< quorum-state is of an election, or cannot be read
    std::vector<BrokerId> recorded_voters = {};  ///< in quorum-state
    bool has_records = false;                    ///< in the log, or in a later snapshot
    Bootstrap bootstrap = {};
    std::string bootstrap_path = {};  ///< of the checkpoint that `bootstrap` is from
};

/// Reads them. Blocks, changes nothing. Errors: those of parse_bootstrap and of the properties,
/// with what to do; io.
[[nodiscard]] Result<MetadataDirectory> inspect_metadata_directory(storage::Disk& disk,
                                                                   const std::string& directory);

/// Whether a controller may start with these files as one of `voters` static voters. It must not
/// vote twice in one epoch, so with other voters it needs its quorum-state. Only a new controller
/// that Kafka has formatted has none yet. Errors: invalid, with what to do.
[[nodiscard]] Result<void> check_voter(const MetadataDirectory& found, std::size_t voters,
                                       const std::string& directory);

/// Whether the voters are still those that this controller has voted with. Two lists whose
/// majorities do not overlap could elect two leaders. A controller that was only formatted may get
/// another list. Errors: invalid, with both lists.
[[nodiscard]] Result<void> check_same_voters(const MetadataDirectory& found,
                                             std::vector<BrokerId> voters,
                                             const std::string& directory);

/// Makes the folder of an empty metadata log with a quorum-state at epoch 0, durably; with a
/// checkpoint if there is one. An interrupted call can be repeated. The directory must exist and be
/// locked. Blocks. Errors: io, no_space.
[[nodiscard]] Result<void> make_metadata_folder(storage::Disk& disk, const std::string& directory,
                                                const std::vector<BrokerId>& voters,
                                                const std::optional<std::string>& checkpoint);

/// Checks the directory of the metadata log at the start of a controller that is one of `voters`,
/// and returns what is in it. Makes the first quorum-state of a controller that Kafka has
/// formatted, if it is not the only voter. Blocks. Errors: those of the functions above; busy.
[[nodiscard]] Result<MetadataDirectory> prepare_metadata_directory(
    storage::Disk& disk, const std::string& directory, const std::vector<BrokerId>& voters);

}  // namespace hw::broker
