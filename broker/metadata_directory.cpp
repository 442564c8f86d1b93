#include "broker/metadata_directory.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/ranges.h>

#include "replication/raft/metadata_topic.h"
#include "storage/data_directory.h"
#include "storage/log_folder.h"
#include "storage/quorum_state_file.h"
#include "storage/small_file.h"

namespace hw::broker {
namespace {

constexpr std::string_view kBootstrapRemedy =
    "This file says with which metadata.version a new cluster begins: put a copy of it back, or "
    "format the directory again. If the metadata log has records, the file is no longer needed and "
    "may be removed";

std::string folder_in(const std::string& directory) {
    return directory + "/" +
           storage::folder_name({replication::kMetadataTopic, replication::kMetadataPartition});
}

storage::QuorumState initial_state(std::vector<BrokerId> voters) {
    return {.data_version = 0,
            .leader_id = kNoBroker,
            .leader_epoch = LeaderEpoch(0),
            .voted_id = kNoBroker,
            .voted_directory_id = {},
            .current_voters = std::move(voters)};
}

/// Whether an election has changed quorum-state.
bool is_of_election(const Result<storage::QuorumState>& state) {
    return !state || state->leader_epoch != LeaderEpoch(0) || state->leader_id != kNoBroker ||
           state->voted_id != kNoBroker;
}

/// Reads the checkpoint at `path`, if there is one and none with a metadata.version was found.
Result<void> read_bootstrap(storage::Disk& disk, std::string path, MetadataDirectory& found) {
    HW_TRY(text, storage::read_small_file_if_there(disk, path));
    if (!text || found.bootstrap.metadata_version) {
        return {};
    }
    found.has_checkpoint = true;
    auto bootstrap = parse_bootstrap(as_bytes(*text), path);
    if (!bootstrap && bootstrap.error().kind == ErrorKind::corrupt) {
        return storage::with_remedy(bootstrap.error(), kBootstrapRemedy);
    }
    if (!bootstrap) {
        return std::unexpected(bootstrap.error());
    }
    found.bootstrap = std::move(*bootstrap);
    found.bootstrap_path = std::move(path);
    return {};
}

Result<void> inspect_folder(storage::Disk& disk, const std::string& folder,
                            MetadataDirectory& found) {
    HW_TRY(entries, disk.list(folder));
    for (const storage::DirectoryEntry& entry : entries) {
        const std::string path = folder + "/" + entry.name;
        if (entry.name == storage::kPartitionMetadataFile) {
            found.has_partition_metadata = true;
        } else if (entry.name == storage::kQuorumStateFile) {
            HW_TRY(text, storage::read_small_file(disk, path));
            found.has_quorum_state = true;
            const auto state = storage::parse_quorum_state(text, path);
            found.has_vote = is_of_election(state);
            found.recorded_voters = state ? state->current_voters : std::vector<BrokerId>();
        } else if (entry.name.ends_with(storage::kLogSuffix)) {
            HW_TRY(file, disk.open(path, storage::OpenMode::read));
            HW_TRY(size, file->size());
            found.has_records = found.has_records || size > 0;
        } else if (entry.name.ends_with(storage::kCheckpointSuffix)) {
            found.has_records = found.has_records || entry.name != kBootstrapCheckpointFile;
        }
    }
    return {};
}

}  // namespace

Result<MetadataDirectory> inspect_metadata_directory(storage::Disk& disk,
                                                     const std::string& directory) {
    MetadataDirectory found;
    HW_TRY(properties, storage::load_meta_properties(disk, directory));
    found.is_formatted = properties.has_value();
    found.owner = properties ? properties->node_id : kNoBroker;
    const std::string folder = folder_in(directory);
    HW_TRY(has_folder, disk.exists(folder));
    if (has_folder) {
        HW_TRY_VOID(inspect_folder(disk, folder, found));
        HW_TRY_VOID(read_bootstrap(disk, folder + "/" + kBootstrapCheckpointFile, found));
    }
    HW_TRY_VOID(read_bootstrap(disk, directory + "/" + storage::kBootstrapFile, found));
    return found;
}

Result<void> check_voter(const MetadataDirectory& found, std::size_t voters,
                         const std::string& directory) {
    if (voters <= 1 || found.has_quorum_state) {
        return {};
    }
    const std::string folder = folder_in(directory);
    if (!found.is_formatted && !found.has_records) {
        return fail(ErrorKind::invalid,
                    "{0} is not formatted, and this node is one of {1} controllers in "
                    "controller.quorum.voters. Format each of them before its first start, with "
                    "the same cluster id: `highwater random-uuid` prints an id, `highwater format "
                    "--cluster-id ID -c FILE` formats a node. If this node has voted before, {0} "
                    "should hold its vote: is it not mounted, or was metadata.log.dir (by default "
                    "the first of log.dirs) another directory?",
                    directory, voters);
    }
    if (found.has_checkpoint && !found.has_partition_metadata && !found.has_records) {
        return {};
    }
    return fail(ErrorKind::invalid,
                "{}/{} is missing. It holds the vote of this controller, which is one of {} in "
                "controller.quorum.voters; without it the node could vote twice in one epoch, and "
                "committed metadata could be lost. Put a copy of it back. Without a copy, start "
                "again with an empty node, but only when all other controllers run and have caught "
                "up: move everything in {} away and run `highwater format --ignore-formatted`",
                folder, storage::kQuorumStateFile, voters, directory);
}

Result<void> check_same_voters(const MetadataDirectory& found, std::vector<BrokerId> voters,
                               const std::string& directory) {
    std::vector<BrokerId> recorded = found.recorded_voters;
    std::ranges::sort(recorded);
    std::ranges::sort(voters);
    const bool is_new = !found.has_vote && !found.has_records;
    if (is_new || recorded.empty() || recorded == voters) {
        return {};
    }
    return fail(
        ErrorKind::invalid,
        "controller.quorum.voters names the nodes {}, but this controller has voted with the "
        "nodes {} ({}/{}). Two such lists could elect two leaders, and lose what one of "
        "them has committed, so this version cannot change the voters of a cluster. Name "
        "the nodes {} again",
        fmt::join(voters, ", "), fmt::join(recorded, ", "), folder_in(directory),
        storage::kQuorumStateFile, fmt::join(recorded, ", "));
}

/// partition.metadata is written last, so the folder has it only if quorum-state is there.
Result<void> make_metadata_folder(storage::Disk& disk, const std::string& directory,
                                  const std::vector<BrokerId>& voters,
                                  const std::optional<std::string>& checkpoint) {
    const std::string folder = folder_in(directory);
    HW_TRY_VOID(disk.make_directories(folder));
    if (checkpoint) {
        HW_TRY_VOID(
            storage::replace_small_file(disk, folder, kBootstrapCheckpointFile, *checkpoint));
    }
    HW_TRY_VOID(storage::replace_small_file(disk, folder, storage::kQuorumStateFile,
                                            storage::format_quorum_state(initial_state(voters))));
    HW_TRY_VOID(storage::replace_small_file(
        disk, folder, storage::kPartitionMetadataFile,
        storage::format_partition_metadata(replication::kMetadataTopicId)));
    return disk.sync_directory(directory);
}

Result<MetadataDirectory> prepare_metadata_directory(storage::Disk& disk,
                                                     const std::string& directory,
                                                     const std::vector<BrokerId>& voters) {
    HW_TRY(found, inspect_metadata_directory(disk, directory));
    HW_TRY_VOID(check_voter(found, voters.size(), directory));
    // The directory of a node that is no voter is refused when it is opened.
    if (found.owner == kNoBroker || std::ranges::count(voters, found.owner) > 0) {
        HW_TRY_VOID(check_same_voters(found, voters, directory));
    }
    if (voters.size() > 1 && !found.has_quorum_state) {
        const auto lock = storage::lock_data_directory(disk, directory);
        if (!lock) {
            return std::unexpected(lock.error());
        }
        HW_TRY_VOID(make_metadata_folder(disk, directory, voters, std::nullopt));
    }
    return found;
}

}  // namespace hw::broker
