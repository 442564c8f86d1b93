#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/batch.h"
#include "storage/disk.h"
#include "storage/entry_file.h"

namespace hw::storage {

/// Whether offsets may be missing between the batches of a log. Compaction leaves such gaps; in a
/// log that was never compacted, a gap is damage.
enum class Gaps : std::uint8_t { possible, none };

/// Options of a log, each with the topic's configuration key.
struct LogOptions {
    std::uint64_t segment_bytes = std::uint64_t{1} << 30;  ///< `segment.bytes`
    std::int64_t segment_ms = 604'800'000;                 ///< `segment.ms`
    std::uint64_t index_interval_bytes = 4096;             ///< `index.interval.bytes`
    std::uint64_t segment_index_bytes = 10'485'760;        ///< `segment.index.bytes`
    Gaps gaps = Gaps::possible;                            ///< `cleanup.policy`; checked by reads
};

/// The fields of a batch that a segment needs to record it.
struct BatchSummary {
    Offset base_offset;
    Offset last_offset;
    std::uint64_t size = 0;
    Timestamp max_timestamp = kNoTimestamp;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
};

[[nodiscard]] BatchSummary summary_of(const record::BatchHeader& header);

/// Syncs the files, up to the first error. Blocks. Errors: io.
[[nodiscard]] Result<void> sync_all(std::span<const std::shared_ptr<File>> files);

/// One segment of a log: `<base offset>.log` and its two indexes. The last segment is active and
/// keeps its file open for writing; the file of a sealed segment is opened for each use.
///
/// A value, owned by its log and entered with it; sealed ones are shared (segment_list.h). Once it
/// is one of the log's segments, its size and indexes cover successful writes only.
class Segment {
public:
    Segment(Disk& disk, std::string folder, Offset base_offset, std::uint64_t index_interval_bytes);

    /// Creates the file, or empties a left-over one, and opens it for appending. Does not change
    /// size and indexes in memory, because the log has already called record_appended for the
    /// batches that it will write to this file. The caller syncs the folder. Errors: io, no_space,
    /// limit.
    [[nodiscard]] Result<void> create_file();
    /// Opens the file for appending. Errors: not_found, io, limit.
    [[nodiscard]] Result<void> open_active();
    /// Loads size and indexes from the files. It reads few batch headers: those around the last
    /// entry of the time index and, in the active segment, the first one and those after the last
    /// index entry. False if the indexes are missing, invalid or do not match the log: then
    /// `rebuild`. `end_offset` is given for a sealed segment. Errors: io.
    [[nodiscard]] Result<bool> load(std::optional<Offset> end_offset);
    /// Rebuilds the indexes of a sealed segment from its batches, whose CRCs must match, and syncs
    /// them. Errors: io, corrupt.
    [[nodiscard]] Result<void> rebuild(Offset end_offset);
    /// Resets size and indexes in memory, so that all batches can be recorded again.
    void start_over();

    /// Records an appended batch; adds index entries as Kafka does (LogSegment.append).
    void record_appended(const BatchSummary& batch);
    /// Writes the index entries in memory if there are many; adds files to sync to `dirty`.
    [[nodiscard]] Result<void> flush_if_due(std::vector<std::shared_ptr<File>>& dirty);
    /// Adds the last time index entry and writes all entries; called before a seal or close.
    [[nodiscard]] Result<void> finish_indexes(std::vector<std::shared_ptr<File>>& dirty);
    /// Releases the file; a sync or a reader may still hold the descriptor.
    void seal() { file_.reset(); }

    /// Whether `batch` must go to a new segment, by Kafka's rules.
    [[nodiscard]] bool must_roll(const BatchSummary& batch, std::uint64_t projected_size,
                                 const LogOptions& options) const;

    /// Removes the batches from `position` on, whose offsets start at `offset`; syncs the file and
    /// the indexes. Errors: io, corrupt.
    [[nodiscard]] Result<void> cut(std::uint64_t position, Offset offset);

    /// The file, for reading. Errors: io, limit, would_block (it must be opened).
    [[nodiscard]] Result<std::shared_ptr<File>> file(ReadMode mode = ReadMode::blocking) const;
    /// Position of a batch at or before the one with `offset`, from the index. Errors: io,
    /// would_block (the index is not in memory).
    [[nodiscard]] Result<std::uint64_t> position_before(Offset offset,
                                                        ReadMode mode = ReadMode::blocking) const;
    /// The largest timestamp, and the last offset of the first batch that has it.
    [[nodiscard]] const TimeEntry& max_timestamp() const { return max_timestamp_; }

    [[nodiscard]] Offset base_offset() const { return base_offset_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// Offset after the last batch; the base offset if the segment is empty.
    [[nodiscard]] Offset end_offset() const { return end_offset_; }
    /// Whether a rebuild found that the batches end before the end offset: compaction removed the
    /// last ones, or they are lost.
    [[nodiscard]] bool ends_early() const { return ends_early_; }
    [[nodiscard]] const OffsetIndex& index() const { return index_; }
    [[nodiscard]] const TimeIndex& time_index() const { return time_index_; }
    [[nodiscard]] std::string path(std::string_view suffix) const;

private:
    /// Whether the last entry of the time index names a batch with that timestamp, and the next
    /// batches have no larger one. Look-ups skip segments by this entry. Errors: io.
    [[nodiscard]] Result<bool> check_last_time() const;
    [[nodiscard]] Result<bool> walk_tail();
    [[nodiscard]] Result<void> flush_indexes(std::vector<std::shared_ptr<File>>& dirty);

    Disk* disk_;
    std::string folder_;
    Offset base_offset_;
    std::uint64_t index_interval_bytes_;
    std::shared_ptr<File> file_;
    std::uint64_t size_ = 0;
    Offset end_offset_;
    bool ends_early_ = false;
    OffsetIndex index_;
    TimeIndex time_index_;
    std::uint64_t bytes_since_entry_ = 0;
    Timestamp first_timestamp_ = kNoTimestamp;  ///< max timestamp of the first batch
    TimeEntry max_timestamp_;
};

}  // namespace hw::storage
