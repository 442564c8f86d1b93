#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/record/time_lookup.h"
#include "storage/batch_reader.h"
#include "storage/disk.h"
#include "storage/segment_list.h"
#include "storage/truncation_count.h"

namespace hw::storage {

/// Position of a sequential reader in the files; empty at first, and kept by the reader between its
/// reads. It saves the index look-up, and holds an open file of the segment. It is ignored if it
/// does not match the read (another offset, or a truncation since).
struct ReadCursor {
    Offset offset = kNoOffset;
    Offset batch_base = kNoOffset;  ///< expected base offset of the batch at `position`
    Offset segment_base = kNoOffset;
    std::uint64_t position = 0;
    std::int64_t truncations = 0;
    std::shared_ptr<File> file;
};

/// Result of a read: whole batches of one segment. The first may begin before the requested offset.
struct ReadAnswer {
    Buffer bytes;
    Offset next_offset;  ///< after the last batch; the requested offset if there is none
    ReadCursor cursor;   ///< for the reader's next read
};

/// What a plan has of its log: no more than a read needs, and nothing that the log changes later.
struct LogSnapshot {
    ReadChecks checks;
    std::shared_ptr<const TruncationCount> truncation_count;
    std::int64_t truncations = 0;
    /// Null if the place of the read is known.
    std::unique_ptr<const SegmentList> segments;

    /// Whether the log was truncated since: then what was read from its files may be wrong.
    [[nodiscard]] bool is_void() const { return truncation_count->value() != truncations; }
};

/// A read that was bounded and checked inside the guard of its log (Log::plan), and is run outside
/// of it, on any thread: on the event loop for what is in memory, else where blocking is allowed.
/// It holds what it reads: a roll does not change it, and a file that is removed stays open. If the
/// log is truncated before the end of the read, the read fails with `busy`.
///
/// A value with one owner.
class ReadPlan {
public:
    /// A read of nothing.
    ReadPlan() = default;
    /// The batches from `request.from` on. They begin at `place` if its file is set; else
    /// `log.segments` is.
    ReadPlan(const ReadRequest& request, SegmentPlace place, LogSnapshot log)
        : request_(request), place_(std::move(place)), log_(std::move(log)) {}

    /// Whether there is nothing to read, so that it must not be run.
    [[nodiscard]] bool empty() const { return log_.truncation_count == nullptr; }
    /// Errors: busy (truncated meanwhile), io, corrupt; and in mode `cached` would_block: then it
    /// must be run again in mode `blocking`. A `cached` run checks no CRCs of batches that an
    /// earlier process appended: they would block, too. After any other outcome the plan is used
    /// up.
    [[nodiscard]] Result<ReadAnswer> run(ReadMode mode);

private:
    [[nodiscard]] Result<ReadAnswer> read(ReadMode mode);

    ReadRequest request_;
    SegmentPlace place_;
    LogSnapshot log_;
};

/// A search for a record by its timestamp, planned inside the guard (Log::plan_search) and run
/// outside of it, where blocking is allowed.
class RecordSearch {
public:
    /// Searches from `start` on for the first record whose timestamp is `target` or later; without
    /// a target, for the first with the largest timestamp. `log.segments` is set.
    RecordSearch(std::optional<Timestamp> target, Offset start, LogSnapshot log)
        : target_(target), start_(start), log_(std::move(log)) {}

    /// Errors: busy (truncated meanwhile), io, corrupt.
    [[nodiscard]] Result<std::optional<record::TimestampedOffset>> run() const;

private:
    std::optional<Timestamp> target_;
    Offset start_;
    LogSnapshot log_;
};

}  // namespace hw::storage
