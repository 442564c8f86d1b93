#include "storage/entry_file.h"

#include <algorithm>
#include <type_traits>

namespace hw::storage {

void IndexEntry::encode(Offset base, std::byte* to) const {
    store_big_endian(to, static_cast<std::uint32_t>(offset - base));
    store_big_endian(to + sizeof(std::uint32_t), position);
}

IndexEntry IndexEntry::decode(Offset base, const std::byte* from) {
    return {base + load_big_endian<std::uint32_t>(from),
            load_big_endian<std::uint32_t>(from + sizeof(std::uint32_t))};
}

void TimeEntry::encode(Offset base, std::byte* to) const {
    store_big_endian(to, timestamp.value());
    store_big_endian(to + sizeof(std::int64_t), static_cast<std::uint32_t>(offset - base));
}

TimeEntry TimeEntry::decode(Offset base, const std::byte* from) {
    return {Timestamp(load_big_endian<std::int64_t>(from)),
            base + load_big_endian<std::uint32_t>(from + sizeof(std::int64_t))};
}

namespace {

/// Entries per read; a binary search stops once its range is this small.
constexpr std::size_t kPage = 512;

/// Whether an entry is one of the zeroes that fill a preallocated file.
bool is_filler(const IndexEntry& entry, Offset base) {
    return entry.offset == base && entry.position == 0;
}
bool is_filler(const TimeEntry& entry, Offset base) {
    return entry.timestamp == Timestamp(0) && entry.offset == base;
}

bool is_sane(const IndexEntry& entry, Offset offset_limit, std::uint64_t position_limit) {
    return entry.offset < offset_limit && entry.position < position_limit;
}
bool is_sane(const TimeEntry& entry, Offset offset_limit, std::uint64_t /*position_limit*/) {
    return entry.timestamp >= Timestamp(0) && entry.offset < offset_limit;
}

}  // namespace

template <class Entry>
Result<std::vector<Entry>> EntryFile<Entry>::read(std::size_t first, std::size_t count) const {
    if (count == 0) {
        return std::vector<Entry>{};
    }
    HW_TRY(file, disk_->open(path_, OpenMode::read));
    Buffer bytes(count * Entry::kSize);
    HW_TRY(size, file->read_at(first * Entry::kSize, bytes.bytes()));
    if (size != bytes.size()) {
        return fail(ErrorKind::io, "{} is shorter than its {} entries", path_, first + count);
    }
    std::vector<Entry> entries;
    entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        entries.push_back(Entry::decode(base_, bytes.data() + i * Entry::kSize));
    }
    return entries;
}

template <class Entry>
Result<bool> EntryFile<Entry>::load(Offset offset_limit, std::uint64_t position_limit) {
    reset();
    const auto file = disk_->open(path_, OpenMode::read);
    if (!file && file.error().kind == ErrorKind::not_found) {
        return false;
    }
    const auto size = file ? (*file)->size() : Result<std::uint64_t>(std::unexpected(file.error()));
    if (!size) {
        return std::unexpected(size.error());
    }
    if (*size % Entry::kSize != 0) {
        return false;
    }
    HW_TRY(entries, read(0, *size / Entry::kSize));
    while (!entries.empty() && is_filler(entries.back(), base_)) {
        entries.pop_back();
    }
    const auto falls = [](const Entry& a, const Entry& b) {
        return !(a.key() < b.key()) || b.offset < a.offset;
    };
    const auto insane = [&](const Entry& entry) {
        return !is_sane(entry, offset_limit, position_limit);
    };
    if (std::ranges::adjacent_find(entries, falls) != entries.end() ||
        std::ranges::any_of(entries, insane)) {
        return false;
    }
    in_file_ = entries.size();
    if (in_file_ != 0) {
        last_ = entries.back();
    }
    return true;
}

template <class Entry>
Result<std::optional<Entry>> EntryFile<Entry>::floor(Key target, ReadMode mode) const {
    const auto below = [&](const std::vector<Entry>& entries) -> std::optional<Entry> {
        const auto above = std::ranges::upper_bound(entries, target, {}, &Entry::key);
        if (above == entries.begin()) {
            return std::nullopt;
        }
        return *std::prev(above);
    };
    if (last_ && last_->key() <= target) {
        return last_;
    }
    if (const auto found = below(pending_)) {
        return found;
    }
    if (in_file_ != 0 && mode == ReadMode::cached) {
        return would_block();
    }
    std::size_t first = 0;
    std::size_t count = in_file_;
    while (count > kPage) {
        const std::size_t half = count / 2;
        HW_TRY(middle, read(first + half, 1));
        const bool upper = middle.front().key() <= target;
        first += upper ? half : 0;
        count = upper ? count - half : half;
    }
    HW_TRY(page, read(first, count));
    return below(page);
}

template <class Entry>
Result<std::vector<Entry>> EntryFile<Entry>::all() const {
    auto entries = read(0, in_file_);
    if (entries) {
        entries->insert(entries->end(), pending_.begin(), pending_.end());
    }
    return entries;
}

template <class Entry>
Result<std::shared_ptr<File>> EntryFile<Entry>::flush() {
    auto file = disk_->open(path_, OpenMode::create);
    if (!file) {
        return file;
    }
    HW_TRY_VOID((*file)->truncate(in_file_ * Entry::kSize));
    Buffer bytes(pending_.size() * Entry::kSize);
    for (std::size_t i = 0; i < pending_.size(); ++i) {
        pending_[i].encode(base_, bytes.data() + i * Entry::kSize);
    }
    HW_TRY_VOID((*file)->write_now(in_file_ * Entry::kSize, bytes.view()));
    in_file_ += pending_.size();
    pending_.clear();
    return file;
}

template <class Entry>
void EntryFile<Entry>::reset() {
    in_file_ = 0;
    pending_.clear();
    last_.reset();
}

template <class Entry>
Result<void> EntryFile<Entry>::truncate(Offset end_offset) {
    HW_TRY(kept, all());
    const auto first = std::ranges::lower_bound(kept, end_offset, {}, &Entry::offset);
    const auto count = static_cast<std::size_t>(first - kept.begin());
    in_file_ = std::min(in_file_, count);
    pending_.assign(kept.begin() + static_cast<std::ptrdiff_t>(in_file_), first);
    last_.reset();
    if (count != 0) {
        last_ = kept[count - 1];
    }
    return {};
}

template class EntryFile<IndexEntry>;
template class EntryFile<TimeEntry>;

}  // namespace hw::storage
