#include <algorithm>
#include <limits>
#include <string>

#include <fmt/format.h>

#include "storage/entry_file.h"
#include "storage/producer_snapshot.h"
#include "tools/dump/dump_job.h"

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

/// Whether only the zeroes of preallocation follow the last entry. Keys rise
/// strictly, so a real entry of zeroes can only be the first of a file.
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
    HW_TRY(opened, job_->open());
    Buffer bytes(kEntriesPerRead * Entry::kSize);
    for (std::uint64_t position = 0; position < opened.size; position += bytes.capacity()) {
        bytes.resize(bytes.capacity());
        HW_TRY(size, opened.file->read_at(position, bytes.bytes()));
        bytes.resize(size);
        HW_TRY_VOID(dump_piece(position, bytes.view()));
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
                    "{}: at byte {}: the entry ({}) is not above the one before it ({})",
                    job_->path, position, text_of(entry), text_of(*last_));
    }
    last_ = entry;
    ++count_;
    return {};
}

/// The base offset, to which the entries are relative.
Result<Offset> base_offset(const DumpJob& job, std::string_view suffix) {
    const auto offset = job.offset(suffix);
    if (!offset) {
        return fail(
            ErrorKind::invalid,
            "{}: entries are relative to the offset in the name, which must be 20 digits and {}",
            job.path, suffix);
    }
    return *offset;
}

/// The first sequence of a batch. Sequences wrap: 0 comes after 2^31 - 1.
std::int32_t first_sequence(const storage::ProducerBatch& batch) {
    const std::int64_t first = std::int64_t{batch.last_sequence.value()} - batch.offset_delta;
    const std::int64_t numbers = std::int64_t{std::numeric_limits<std::int32_t>::max()} + 1;
    return static_cast<std::int32_t>(first < 0 ? first + numbers : first);
}

std::string producer_text(ProducerId id, const storage::ProducerEntry& entry) {
    std::string text = fmt::format(
        "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: "
        "OptionalLong{} lastTimestamp: {}",
        id, entry.epoch, entry.coordinator_epoch,
        entry.transaction_start == kNoOffset ? ".empty"
                                             : fmt::format("[{}]", entry.transaction_start),
        entry.last_timestamp);
    if (entry.batch_count != 0) {
        const storage::ProducerBatch batch = entry.last_batch();
        text += fmt::format(
            " firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {}",
            first_sequence(batch), batch.last_sequence, batch.last_offset, batch.offset_delta,
            batch.timestamp);
    }
    return text;
}

}  // namespace

Result<void> dump_offset_index(const DumpJob& job) {
    HW_TRY(base, base_offset(job, storage::kIndexSuffix));
    EntryDump<IndexEntry> entries(job, base);
    auto dumped = entries.run();
    if (dumped && entries.count() == 0) {
        job.output->line(fmt::format("{} is empty.", job.path));
    }
    return dumped;
}

Result<void> dump_time_index(const DumpJob& job) {
    HW_TRY(base, base_offset(job, storage::kTimeIndexSuffix));
    return EntryDump<TimeEntry>(job, base).run();
}

Result<void> dump_producers(const DumpJob& job) {
    HW_TRY(producers, storage::read_producer_snapshot(*job.disk, std::string(job.path)));
    for (const auto& [id, entry] : producers.entries()) {
        job.output->line(producer_text(id, entry));
    }
    return {};
}

}  // namespace hw::dump
