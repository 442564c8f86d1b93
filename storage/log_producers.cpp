#include <algorithm>
#include <utility>

#include "storage/log.h"
#include "storage/log_folder.h"

namespace hw::storage {

/// Pages (of at most 32 entries) that one call checks: some tens of microseconds.
constexpr int kExpiryPages = 16;

bool Log::expire_producers(Timestamp now, std::chrono::milliseconds idle) {
    const Timestamp idle_since = now - std::min<std::int64_t>(idle.count(), now.value() + 1);
    bool has_more = true;
    for (int i = 0; i < kExpiryPages && has_more; ++i) {
        const auto next = producers_.expire_page(next_to_expire_, idle_since, now);
        next_to_expire_ = next.value_or(kMinProducerId);
        has_more = next.has_value();
    }
    count_producers();
    return has_more;
}

void Log::count_producers() {
    const std::size_t count = producers_.size();
    if (context_.producer_limit != nullptr && count != counted_producers_) {
        context_.producer_limit->change(static_cast<std::int64_t>(count) -
                                        static_cast<std::int64_t>(counted_producers_));
        counted_producers_ = count;
    }
}

/// Called when a segment is sealed, before the producers see batches of the next segment. Only the
/// newest snapshot is needed, so it replaces one that no sync job has taken yet.
void Log::plan_snapshot() {
    if (end_offset_ > snapshot_offset_) {
        next_snapshot_ = SnapshotJob{context_.disk, folder_, ticket(), producers_.share()};
        snapshot_offset_ = end_offset_;
    }
}

void Log::on_snapshot_written(const SnapshotJob& job, const Result<void>& outcome) {
    snapshot_running_ = false;
    if (offline_) {
        return;
    }
    const bool is_void =
        job.ticket.truncations != truncations() && !context_.mutants.snapshot_outlives_truncation;
    const auto placed = is_void || !outcome ? outcome : place_snapshot(job);
    if (is_void) {
        // If this fails, the next start removes the file.
        static_cast<void>(context_.disk->remove_file(job.draft_path()));
    }
    if (!placed) {
        context_.on_failure(placed.error());
        go_offline(placed.error());
    }
}

Result<void> Log::place_snapshot(const SnapshotJob& job) {
    folder_dirty_ = true;
    return context_.disk->rename(job.draft_path(), job.path());
}

}  // namespace hw::storage
