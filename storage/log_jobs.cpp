#include "storage/log_jobs.h"

#include <ranges>

#include "storage/epoch_cache.h"
#include "storage/log_folder.h"
#include "storage/producer_snapshot.h"
#include "storage/small_file.h"

namespace hw::storage {

std::string SnapshotJob::path() const {
    return folder + "/" + file_name(ticket.end_offset, kSnapshotSuffix);
}

std::string SnapshotJob::draft_path() const {
    return path() + std::string(kDraftSuffix);
}

Result<void> SnapshotJob::run() const {
    HW_TRY(file, disk->open(draft_path(), OpenMode::create));
    HW_TRY_VOID(write_producer_snapshot(*file, producers));
    return file->sync();
}

Result<void> SyncJob::run() const {
    if (sync_folder) {
        HW_TRY_VOID(disk->sync_directory(folder));
    }
    HW_TRY_VOID(sync_all(files));
    if (epochs) {
        return replace_small_file(*disk, folder, kEpochFile, *epochs);
    }
    return {};
}

namespace {

/// The base offset in the name of a segment's log or index file.
std::optional<Offset> segment_file_offset(std::string_view name) {
    for (const auto suffix : {kLogSuffix, kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
        if (const auto offset = parse_file_name(name, suffix)) {
            return offset;
        }
    }
    return std::nullopt;
}

}  // namespace

Result<void> TruncationJob::run() {
    if (!active) {
        return {};
    }
    HW_TRY(entries, disk->list(folder));
    // The last segment is removed first, so that a crash leaves no gap between segments.
    for (const DirectoryEntry& entry : std::views::reverse(entries)) {
        const auto segment = segment_file_offset(entry.name);
        const auto snapshot = parse_file_name(entry.name, kSnapshotSuffix);
        const bool is_removed = cut_position ? (segment && *segment > active->base_offset()) ||
                                                   (snapshot && *snapshot > new_end)
                                             : segment || snapshot;
        if (!is_removed) {
            continue;
        }
        HW_TRY_VOID(disk->remove_file(folder + "/" + entry.name));
    }
    auto ready = cut_position ? active->cut(*cut_position, new_end) : active->create_file();
    if (!ready) {
        return ready;
    }
    HW_TRY_VOID(disk->sync_directory(folder));
    HW_TRY(recovered, recover_producers(*disk, folder, active->end_offset()));
    producers = std::move(recovered);
    return {};
}

}  // namespace hw::storage
