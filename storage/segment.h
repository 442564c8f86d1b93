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

/// Whether offsets may be missing between the batches of a log. Compaction leaves such gaps; where
/// nothing was ever compacted, one is damage.
enum class Gaps : std::uint8_t { possible, none };

/// What a log is told of how to keep itself; the keys of the topic in brackets.
struct LogOptions {
    std::uint64_t segment_bytes = std::uint64_t{1} << 30;  ///< `segment.bytes`
    std::int64_t segment_ms = 604'800'000;                 ///< `segment.ms`
    std::uint64_t index_interval_bytes = 4096;             ///< `index.interval.bytes`
    std::uint64_t segment_index_bytes = 10'485'760;        ///< `segment.index.bytes`
    Gaps gaps = Gaps::possible;                            ///< `cleanup.policy`, what reads expect
};

/// What a segment needs to know of a batch that is, or will be, in it.
struct BatchSummary {
    Offset base_offset;
    Offset last_offset;
    std::uint64_t size = 0;
    Timestamp max_timestamp = kNoTimestamp;
    LeaderEpoch leader_epoch = kNoLeaderEpoch;
};

[[nodiscard]] BatchSummary summary_of(const record::BatchHeader& header);

/// Errors: io; the first one ends it. Blocks.
[[nodiscard]] Result<void> sync_all(std::span<const std::shared_ptr<File>> files);

/// One segment of a log: `<base offset>.log` and its two indexes. The last one of a log is active
/// and keeps its file open for writing; a sealed one is opened for each use.
///
/// Owned by its log and entered with it. Size and indexes cover what was written with success.
class Segment {
public:
    Segment(Disk& disk, std::string folder, Offset base_offset, std::uint64_t index_interval_bytes);

    /// Makes the file, or empties a left-over one, and opens it for appending; what was recorded
    /// stays. The caller syncs the folder. Errors: io, no_space, limit.
    [[nodiscard]] Result<void> create_file();
    /// Opens the file for appending. Errors: not_found, io, limit.
    [[nodiscard]] Result<void> open_active();
    /// Takes size and indexes from the files, without a look at the batches but those behind the
    /// last index entry and the one that the last entry of the time index names. False when the
    /// indexes are missing or not sane, or do not fit the log: then `rebuild`. `end_offset` is
    /// known of a sealed one. Errors: io.
    [[nodiscard]] Result<bool> load(std::optional<Offset> end_offset);
    /// Makes the indexes of a sealed one from its batches, whose CRCs must match, writes and syncs
    /// them. Errors: io, corrupt.
    [[nodiscard]] Result<void> rebuild(Offset end_offset);
    /// Forgets what it knew of contents: `record_appended` tells it again from the first batch on.
    void start_over();

    /// A batch was appended: index entries as Kafka makes them (LogSegment.append).
    void record_appended(const BatchSummary& batch);
    /// Writes index entries that are in memory if there are many; adds files to be synced.
    [[nodiscard]] Result<void> flush_if_due(std::vector<std::shared_ptr<File>>& dirty);
    /// Before it is sealed or closed: the last time index entry, then all entries written.
    [[nodiscard]] Result<void> finish_indexes(std::vector<std::shared_ptr<File>>& dirty);
    /// Closes the file; the descriptor lives on where it must still be synced or read.
    void seal() { file_.reset(); }

    /// Whether `batch` belongs in the next segment, as Kafka decides.
    [[nodiscard]] bool must_roll(const BatchSummary& batch, std::uint64_t projected_size,
                                 const LogOptions& options) const;

    /// Cuts the batches from `position` on, the first of which has `offset`; syncs the file.
    /// Errors: io, corrupt.
    [[nodiscard]] Result<void> cut(std::uint64_t position, Offset offset);

    /// The file, to read. Errors: io, limit.
    [[nodiscard]] Result<std::shared_ptr<File>> file() const;
    /// Of a batch at or before the one with `offset`. Errors: io.
    [[nodiscard]] Result<std::uint64_t> position_before(Offset offset) const;
    /// The largest timestamp and the last offset of the first batch that has it.
    [[nodiscard]] const TimeEntry& max_timestamp() const { return max_timestamp_; }
    /// Offset from which a record with `target` or later may stand. Errors: io.
    [[nodiscard]] Result<Offset> offset_before(Timestamp target) const;

    [[nodiscard]] Offset base_offset() const { return base_offset_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// After its last batch; of an empty one the base offset.
    [[nodiscard]] Offset end_offset() const { return end_offset_; }
    /// It was rebuilt, and its batches end before the end offset: compaction removed the last ones,
    /// or they are lost.
    [[nodiscard]] bool ends_early() const { return ends_early_; }
    [[nodiscard]] const OffsetIndex& index() const { return index_; }
    [[nodiscard]] const TimeIndex& time_index() const { return time_index_; }
    [[nodiscard]] std::string path(std::string_view suffix) const;

private:
    /// Whether the last entry of the time index, by which look-ups pass over the segment, names a
    /// batch with that timestamp, and the next batches have no larger one. Errors: io.
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
