#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "storage/disk.h"

namespace hw::storage {

/// Entry of a `.index`: the batch whose last record has `offset` starts at `position`.
///
/// | size | field |
/// |---|---|
/// | 4 | offset - base offset of the segment |
/// | 4 | position in the `.log` |
struct IndexEntry {
    static constexpr std::size_t kSize = 8;

    Offset offset;
    std::uint32_t position = 0;

    [[nodiscard]] Offset key() const { return offset; }
    void encode(Offset base, std::byte* to) const;
    [[nodiscard]] static IndexEntry decode(Offset base, const std::byte* from);
    bool operator==(const IndexEntry&) const = default;
};

/// Entry of a `.timeindex`: no record of the segment up to `offset` has a timestamp later than
/// `timestamp`. Timestamps rise strictly.
///
/// | size | field |
/// |---|---|
/// | 8 | timestamp |
/// | 4 | offset - base offset of the segment |
struct TimeEntry {
    static constexpr std::size_t kSize = 12;

    Timestamp timestamp = kNoTimestamp;
    Offset offset;

    [[nodiscard]] Timestamp key() const { return timestamp; }
    void encode(Offset base, std::byte* to) const;
    [[nodiscard]] static TimeEntry decode(Offset base, const std::byte* from);
    bool operator==(const TimeEntry&) const = default;
};

/// One index file of a segment: entries in ascending order of their keys, of which the newest are
/// kept in memory until `flush`. The file is opened for each access and never mapped.
///
/// Owned by the segment and entered with it. The owner flushes when `wants_flush`, at roll and at
/// close; unflushed entries are rebuilt after a crash.
template <class Entry>
class EntryFile {
public:
    using Key = decltype(Entry{}.key());

    /// Entries in memory at which a flush is due: 1 MiB of log with an entry every 4 KiB.
    static constexpr std::size_t kMaxPending = 256;

    EntryFile(Disk& disk, std::string path, Offset base)
        : disk_(&disk), path_(std::move(path)), base_(base) {}

    /// Loads the file; preallocated zeroes at its end are ignored. All offsets must be below
    /// `offset_limit`, all positions (IndexEntry only) below `position_limit`. False if the file is
    /// missing or invalid: then the index must be rebuilt. Errors: io.
    [[nodiscard]] Result<bool> load(Offset offset_limit, std::uint64_t position_limit);

    void append(const Entry& entry) {
        pending_.push_back(entry);
        last_ = entry;
    }
    /// The last entry whose key is at most `target`. Errors: io, would_block (it is not among the
    /// entries in memory).
    [[nodiscard]] Result<std::optional<Entry>> floor(Key target,
                                                     ReadMode mode = ReadMode::blocking) const;
    [[nodiscard]] const std::optional<Entry>& last() const { return last_; }
    [[nodiscard]] std::size_t count() const { return in_file_ + pending_.size(); }
    [[nodiscard]] bool wants_flush() const { return pending_.size() >= kMaxPending; }
    /// All entries, for checks. Errors: io.
    [[nodiscard]] Result<std::vector<Entry>> all() const;

    /// Appends the entries in memory to the file and cuts anything after them; creates the file if
    /// it is missing. Returns the file, which the caller must sync. Errors: io, no_space.
    [[nodiscard]] Result<std::shared_ptr<File>> flush();
    /// Drops all entries; the next flush overwrites the file.
    void reset();
    /// Drops the entries with offsets at or after `end_offset`. Errors: io.
    [[nodiscard]] Result<void> truncate(Offset end_offset);

private:
    [[nodiscard]] Result<std::vector<Entry>> read(std::size_t first, std::size_t count) const;

    Disk* disk_;
    std::string path_;
    Offset base_;
    std::size_t in_file_ = 0;
    std::vector<Entry> pending_;
    std::optional<Entry> last_;
};

extern template class EntryFile<IndexEntry>;
extern template class EntryFile<TimeEntry>;

using OffsetIndex = EntryFile<IndexEntry>;
using TimeIndex = EntryFile<TimeEntry>;

}  // namespace hw::storage
