#include "tools/dump/index_dump.h"

#include <algorithm>

#include <fmt/format.h>

#include "storage/entry_file.h"

namespace hw::dump {
namespace {

using storage::IndexEntry;
using storage::TimeEntry;

std::string text_of(const IndexEntry& entry) {
    return fmt::format("offset: {} position: {}", entry.offset, entry.position);
}
std::string text_of(const TimeEntry& entry) {
    return fmt::format("timestamp: {} offset: {}", entry.timestamp, entry.offset);
}

/// What follows the last entry of a preallocated index. Keys rise, so that only a first entry can
/// be zero, and then others follow it.
bool is_filler(ByteView rest) {
    return std::ranges::all_of(rest, [](std::byte byte) { return byte == std::byte{0}; });
}

/// Reads the entries of an index a piece at a time.
template <class Entry>
class EntryDump {
public:
    EntryDump(const DumpJob& job, Offset base) : job_(&job), base_(base) {}

    Result<void> run();
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    static constexpr std::size_t kEntriesPerRead = 4096;

    Result<void> dump_piece(std::uint64_t position, ByteView bytes);
    Result<void> dump_entry(std::uint64_t position, const Entry& entry);

    const DumpJob* job_;
    Offset base_;
    std::optional<Entry> last_;
    std::size_t count_ = 0;
};

template <class Entry>
Result<void> EntryDump<Entry>::run() {
    const auto opened = job_->open();
    if (!opened) {
        return std::unexpected(opened.error());
    }
    Buffer bytes(kEntriesPerRead * Entry::kSize);
    for (std::uint64_t position = 0; position < opened->size; position += bytes.capacity()) {
        bytes.resize(bytes.capacity());
        const auto size = opened->file->read_at(position, bytes.bytes());
        if (!size) {
            return std::unexpected(size.error());
        }
        bytes.resize(*size);
        if (auto dumped = dump_piece(position, bytes.view()); !dumped) {
            return dumped;
        }
    }
    return {};
}

template <class Entry>
Result<void> EntryDump<Entry>::dump_piece(std::uint64_t position, ByteView bytes) {
    for (; bytes.size() >= Entry::kSize && !is_filler(bytes);
         bytes = bytes.subspan(Entry::kSize), position += Entry::kSize) {
        auto dumped = dump_entry(position, Entry::decode(base_, bytes.data()));
        if (!dumped) {
            return dumped;
        }
    }
    if (!is_filler(bytes)) {
        return fail(ErrorKind::corrupt, "{}: at byte {}: the last entry has {} of {} bytes",
                    job_->path, position, bytes.size(), Entry::kSize);
    }
    return {};
}

template <class Entry>
Result<void> EntryDump<Entry>::dump_entry(std::uint64_t position, const Entry& entry) {
    job_->output->line(text_of(entry));
    if (last_ && (entry.key() <= last_->key() || entry.offset < last_->offset)) {
        return fail(ErrorKind::corrupt,
                    "{}: at byte {}: the entry ({}) does not rise above the one before it ({})",
                    job_->path, position, text_of(entry), text_of(*last_));
    }
    last_ = entry;
    ++count_;
    return {};
}

/// The offset that entries count from.
Result<Offset> base_offset(const DumpJob& job, std::string_view suffix) {
    const auto offset = job.offset(suffix);
    if (!offset) {
        return fail(ErrorKind::invalid,
                    "{}: entries count from the offset in the name, which must be 20 digits and {}",
                    job.path, suffix);
    }
    return *offset;
}

}  // namespace

Result<void> dump_offset_index(const DumpJob& job) {
    const auto base = base_offset(job, storage::kIndexSuffix);
    if (!base) {
        return std::unexpected(base.error());
    }
    EntryDump<IndexEntry> entries(job, *base);
    auto dumped = entries.run();
    if (dumped && entries.count() == 0) {
        job.output->line(fmt::format("{} is empty.", job.path));
    }
    return dumped;
}

Result<void> dump_time_index(const DumpJob& job) {
    const auto base = base_offset(job, storage::kTimeIndexSuffix);
    if (!base) {
        return std::unexpected(base.error());
    }
    return EntryDump<TimeEntry>(job, *base).run();
}

}  // namespace hw::dump
