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

/// Entry of a `.timeindex`: no record of the segment up to `offset` is younger than `timestamp`.
/// Timestamps rise strictly.
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

/// The entries of one index of one segment, in ascending order of their keys: those that are in
/// the file, which is opened when it is needed and never mapped, and a tail in memory.
///
/// Owned by the segment and entered with it. The owner flushes when `pending` has grown to
/// kMaxPending, at roll and at close; what is in memory only is rebuilt after a crash.
template <class Entry>
class EntryFile {
public:
    using Key = decltype(Entry{}.key());

    /// Entries kept in memory: 1 MiB of log at an entry every 4 KiB.
    static constexpr std::size_t kMaxPending = 256;

    EntryFile(Disk& disk, std::string path, Offset base)
        : disk_(&disk), path_(std::move(path)), base_(base) {}

    /// Takes over a file of entries; preallocated zeroes at its end are cut off in memory.
    /// `last_offset_limit` and `position_limit` (exclusive; of IndexEntry only) bound what a sane
    /// entry holds. False when it is missing or not sane: then it must be rebuilt. Errors: io.
    [[nodiscard]] Result<bool> load(Offset offset_limit, std::uint64_t position_limit);

    void append(const Entry& entry) {
        pending_.push_back(entry);
        last_ = entry;
    }
    /// The largest entry whose key is not above `target`. Errors: io.
    [[nodiscard]] Result<std::optional<Entry>> floor(Key target) const;
    [[nodiscard]] const std::optional<Entry>& last() const { return last_; }
    [[nodiscard]] std::size_t count() const { return in_file_ + pending_.size(); }
    [[nodiscard]] bool wants_flush() const { return pending_.size() >= kMaxPending; }
    /// All of them, for checks. Errors: io.
    [[nodiscard]] Result<std::vector<Entry>> all() const;

    /// Writes what is in memory behind what is in the file, and cuts what follows; makes the file
    /// if it is missing. The file, to be synced by the caller. Errors: io, no_space.
    [[nodiscard]] Result<std::shared_ptr<File>> flush();
    /// Forgets everything; the next flush makes the file anew.
    void reset();
    /// Forgets the entries of records at `end_offset` and later. Errors: io.
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
