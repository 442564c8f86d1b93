#include "storage/log_loader.h"

#include <algorithm>
#include <ranges>
#include <set>
#include <utility>

#include "storage/batch_walker.h"
#include "storage/log_folder.h"
#include "storage/log_recovery.h"
#include "storage/producer_recovery.h"
#include "storage/small_file.h"

namespace hw::storage {
namespace {

/// Opens one log; used once.
class Loader {
public:
    explicit Loader(const LoadRequest& request) : request_(request), disk_(*request.disk) {}

    Result<LogContents> load();

private:
    Result<void> list_files();
    Result<void> remove(const std::string& name);
    Result<void> remove_orphans();
    Result<void> make_segments();
    Result<void> load_sealed(std::size_t index);
    Result<void> load_epochs(Offset scan_start);
    Result<void> collect_epochs(const Segment& segment, Offset end);
    Result<bool> load_as_clean();
    Result<void> recover();
    Result<void> finish();
    Result<void> remove_snapshots(Offset kept);
    [[nodiscard]] std::string path(const std::string& name) const {
        return request_.folder + "/" + name;
    }
    [[nodiscard]] std::size_t first_to_scan() const;

    const LoadRequest& request_;
    Disk& disk_;
    std::vector<std::string> names_;
    std::vector<Offset> bases_;
    LogContents contents_;
    EpochCache known_epochs_;      ///< the epochs in the file
    bool folder_changed_ = false;  ///< directory entries were made or removed
};

Result<void> Loader::remove(const std::string& name) {
    folder_changed_ = true;
    return disk_.remove_file(path(name));
}

Result<void> Loader::list_files() {
    HW_TRY(entries, disk_.list(request_.folder));
    for (const auto& [name, is_directory] : entries) {
        if (name.ends_with(kSwapSuffix)) {
            return fail(ErrorKind::unsupported,
                        "{}: a compaction was interrupted while it replaced segments; start the "
                        "broker that was compacting on this directory again, and stop it cleanly",
                        path(name));
        }
        const bool left_over = name.ends_with(kDeletedSuffix) || name.ends_with(kCleanedSuffix) ||
                               name.ends_with(kDraftSuffix);
        if (!left_over) {
            names_.push_back(name);
            continue;
        }
        HW_TRY_VOID(remove(name));
    }
    for (const std::string& name : names_) {
        if (const auto base = parse_file_name(name, kLogSuffix)) {
            bases_.push_back(*base);
        }
    }
    return remove_orphans();
}

Result<void> Loader::remove_orphans() {
    for (const std::string& name : names_) {
        for (const auto suffix : {kIndexSuffix, kTimeIndexSuffix, kTxnIndexSuffix}) {
            const auto offset = parse_file_name(name, suffix);
            if (!offset || std::ranges::binary_search(bases_, *offset)) {
                continue;
            }
            HW_TRY_VOID(remove(name));
        }
    }
    return {};
}

Result<void> Loader::make_segments() {
    for (const Offset base : bases_) {
        contents_.segments.emplace_back(disk_, request_.folder, base,
                                        request_.options.index_interval_bytes);
    }
    if (!contents_.segments.empty()) {
        return {};
    }
    if (request_.recovery_point > request_.log_start_offset) {
        return fail(ErrorKind::corrupt,
                    "{}: there is no segment, but the recovery point is {}: records that were on "
                    "stable storage are missing",
                    request_.folder, request_.recovery_point);
    }
    contents_.segments.emplace_back(disk_, request_.folder, request_.log_start_offset,
                                    request_.options.index_interval_bytes);
    HW_TRY_VOID(contents_.segments.back().create_file());
    return disk_.sync_directory(request_.folder);
}

Result<void> Loader::load_sealed(std::size_t index) {
    Segment& segment = contents_.segments[index];
    const Offset end = contents_.segments[index + 1].base_offset();
    HW_TRY(good, segment.load(end));
    if (good) {
        return {};
    }
    request_.logger.warning("{}: the indexes are missing or wrong and are rebuilt",
                            segment.path(kLogSuffix));
    folder_changed_ = true;
    HW_TRY_VOID(segment.rebuild(end));
    segment.seal();
    return {};
}

Result<void> Loader::load_epochs(Offset scan_start) {
    const std::string file = path(kEpochFile);
    const auto text = read_small_file(disk_, file);
    if (!text && text.error().kind != ErrorKind::not_found) {
        return std::unexpected(text.error());
    }
    auto epochs = text ? parse_epoch_checkpoint(*text, file)
                       : Result<EpochCache>(std::unexpected(text.error()));
    if (epochs) {
        known_epochs_ = *epochs;
        contents_.epochs = std::move(*epochs);
        contents_.epochs_dirty = contents_.epochs.truncate_from_end(scan_start);
        return {};
    }
    contents_.epochs_dirty = true;
    if (contents_.segments.front().base_offset() >= scan_start) {
        return {};
    }
    request_.logger.warning("{}; the leader epochs are read from the log", epochs.error().message);
    for (const Segment& segment : contents_.segments) {
        if (segment.base_offset() >= scan_start) {
            break;  // recovery scans it later; its end may be torn
        }
        HW_TRY_VOID(collect_epochs(segment, scan_start));
    }
    return {};
}

Result<void> Loader::collect_epochs(const Segment& segment, Offset end) {
    const auto file = segment.file();
    HW_TRY(size, file ? (*file)->size() : Result<std::uint64_t>(std::unexpected(file.error())));
    BatchWalker walker(**file, 0, size, BatchWalker::kLargeWindow);
    walker.expect({.first = segment.base_offset()});
    while (true) {
        HW_TRY(header, walker.next_header());
        if (!header && walker.problem()) {
            return fail(ErrorKind::corrupt, "{}, byte {}: {}", segment.path(kLogSuffix),
                        walker.next_position(), walker.problem()->message);
        }
        if (!header || header->base_offset() >= end) {
            return {};
        }
        contents_.epochs.assign(header->leader_epoch(), header->base_offset());
    }
}

std::size_t Loader::first_to_scan() const {
    // The segment that holds the last record below the recovery point. It is scanned even if it
    // ends at that point: it may have been sealed after the sync that set the point, and then its
    // indexes may not be on stable storage.
    const auto at = std::ranges::lower_bound(bases_, request_.recovery_point);
    return at == bases_.begin() ? 0 : static_cast<std::size_t>(at - bases_.begin()) - 1;
}

Result<bool> Loader::load_as_clean() {
    for (std::size_t index = 0; index + 1 < contents_.segments.size(); ++index) {
        HW_TRY_VOID(load_sealed(index));
    }
    Segment& last = contents_.segments.back();
    const auto good = last.load(std::nullopt);
    // After a clean stop the recovery point is the log end. Kafka may not have written one (0).
    const bool ends_elsewhere =
        last.end_offset() < request_.recovery_point ||
        (request_.recovery_point > Offset(0) && last.end_offset() != request_.recovery_point);
    if (!good || !*good || ends_elsewhere) {
        return good ? Result<bool>(false) : good;
    }
    HW_TRY_VOID(load_epochs(last.end_offset()));
    return true;
}

Result<void> Loader::recover() {
    const std::size_t first = bases_.empty() ? 0 : first_to_scan();
    for (std::size_t index = 0; index < first; ++index) {
        HW_TRY_VOID(load_sealed(index));
    }
    HW_TRY_VOID(load_epochs(contents_.segments[first].base_offset()));
    contents_.epochs_dirty = true;
    folder_changed_ = true;
    return scan_segments({&disk_, request_.folder, request_.recovery_point, request_.logger,
                          &contents_.segments, &contents_.epochs, std::move(known_epochs_)},
                         first);
}

Result<void> Loader::remove_snapshots(Offset kept) {
    for (const std::string& name : names_) {
        const auto offset = parse_file_name(name, kSnapshotSuffix);
        const bool stray = offset && *offset != kept &&
                           (*offset > kept || !std::ranges::binary_search(bases_, *offset));
        if (!stray) {
            continue;
        }
        HW_TRY_VOID(remove(name));
    }
    return {};
}

Result<void> Loader::finish() {
    Segment& last = contents_.segments.back();
    const Offset end = last.end_offset();
    HW_TRY(recovered, recover_producers(disk_, request_.folder, end));
    contents_.producers = std::move(recovered.producers);
    contents_.snapshot_offset = recovered.snapshot_offset;
    HW_TRY_VOID(remove_snapshots(contents_.snapshot_offset));
    const Offset first = contents_.segments.front().base_offset();
    contents_.log_start_offset = std::max(request_.log_start_offset, first);
    if (contents_.log_start_offset > end) {
        request_.logger.warning("{}: the log start offset {} is beyond the log end {}, using {}",
                                request_.folder, contents_.log_start_offset, end, first);
        contents_.log_start_offset = first;
    }
    HW_TRY_VOID(last.open_active());
    // The epochs must be durable before the recovery point is raised over the scanned batches.
    if (std::exchange(contents_.epochs_dirty, false)) {
        return replace_small_file(disk_, request_.folder, kEpochFile,
                                  format_epoch_checkpoint(contents_.epochs));
    }
    return folder_changed_ ? disk_.sync_directory(request_.folder) : Result<void>{};
}

Result<LogContents> Loader::load() {
    contents_.folder = request_.folder;
    for (const auto step : {&Loader::list_files, &Loader::make_segments}) {
        HW_TRY_VOID((this->*step)());
    }
    const bool fresh = bases_.empty();
    auto clean =
        request_.shutdown == Shutdown::clean && !fresh ? load_as_clean() : Result<bool>(false);
    if (!clean) {
        return std::unexpected(clean.error());
    }
    if (!*clean && request_.shutdown == Shutdown::clean && !fresh) {
        request_.logger.warning("{}: the files do not match a clean stop, the log is checked",
                                request_.folder);
    }
    if (!*clean) {
        HW_TRY_VOID(recover());
    }
    HW_TRY_VOID(finish());
    return std::move(contents_);
}

}  // namespace

Result<LogContents> load_log(const LoadRequest& request) {
    return Loader(request).load();
}

}  // namespace hw::storage
