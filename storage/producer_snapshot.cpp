#include "storage/producer_snapshot.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "protocol/base/assert.h"
#include "protocol/record/crc32c.h"

namespace hw::storage {
namespace {

constexpr std::int16_t kVersion = 1;
constexpr std::size_t kCrcAt = 2;
constexpr std::size_t kCountAt = 6;
constexpr std::size_t kHeader = 10;
constexpr std::size_t kEntry = 46;
constexpr std::size_t kEarlierCount = 4;
constexpr std::size_t kEarlier = 32;
/// About as many bytes are written or read with one call.
constexpr std::size_t kPiece = std::size_t{1} << 20;

/// Functions that write to and read from a file or a buffer.
using WriteAt = std::function<Result<void>(std::uint64_t position, ByteView bytes)>;
using ReadAt = std::function<Result<std::size_t>(std::uint64_t position, MutableBytes into)>;

template <class T>
void append(std::string& to, T value) {
    std::array<std::byte, sizeof(T)> bytes;
    store_big_endian(bytes.data(), value);
    to += as_text(bytes);
}

void append_entry(std::string& to, const ProducerSlot& slot) {
    const ProducerEntry& entry = slot.entry;
    const ProducerBatch last = entry.last_batch();
    append(to, slot.id.value());
    append(to, entry.epoch.value());
    append(to, last.last_sequence.value());
    append(to, last.last_offset.value());
    append(to, last.offset_delta);
    append(to, entry.last_timestamp.value());
    append(to, entry.coordinator_epoch.value());
    append(to, entry.transaction_start.value());
}

void append_earlier(std::string& to, const ProducerSlot& slot) {
    for (std::size_t i = 0; i + 1 < slot.entry.batch_count; ++i) {
        const ProducerBatch& batch = slot.entry.batches[i];
        append(to, slot.id.value());
        append(to, batch.last_sequence.value());
        append(to, batch.last_offset.value());
        append(to, batch.offset_delta);
        append(to, batch.timestamp.value());
    }
}

/// Decodes big-endian numbers one after the other; the caller has checked the length.
class Cursor {
public:
    explicit Cursor(const std::byte* at) : at_(at) {}

    template <class T>
    T take() {
        const T value = load_big_endian<T>(at_);
        at_ += sizeof(T);
        return value;
    }

private:
    const std::byte* at_;
};

ProducerSlot read_entry(const std::byte* at) {
    Cursor cursor(at);
    ProducerSlot slot;
    ProducerEntry& entry = slot.entry;
    ProducerBatch last;
    slot.id = ProducerId(cursor.take<std::int64_t>());
    entry.epoch = ProducerEpoch(cursor.take<std::int16_t>());
    last.last_sequence = Sequence(cursor.take<std::int32_t>());
    last.last_offset = Offset(cursor.take<std::int64_t>());
    last.offset_delta = cursor.take<std::int32_t>();
    last.timestamp = Timestamp(cursor.take<std::int64_t>());
    entry.last_timestamp = last.timestamp;
    entry.coordinator_epoch = record::CoordinatorEpoch(cursor.take<std::int32_t>());
    entry.transaction_start = Offset(cursor.take<std::int64_t>());
    if (last.last_offset >= Offset(0)) {
        entry.batches[entry.batch_count++] = last;
    }
    return slot;
}

/// Adds an earlier batch, the next older one than the last batch. False if it cannot be one.
bool take_earlier(const std::byte* at, ProducerTable& producers) {
    Cursor cursor(at);
    const ProducerId id(cursor.take<std::int64_t>());
    ProducerBatch batch;
    batch.last_sequence = Sequence(cursor.take<std::int32_t>());
    batch.last_offset = Offset(cursor.take<std::int64_t>());
    batch.offset_delta = cursor.take<std::int32_t>();
    batch.timestamp = Timestamp(cursor.take<std::int64_t>());
    const ProducerEntry* const found = producers.find(id);
    if (found == nullptr || found->batch_count == 0 ||
        found->batch_count == ProducerEntry::kBatches) {
        return false;
    }
    ProducerEntry entry = *found;
    ProducerBatch& last = entry.batches[entry.batch_count - 1];
    entry.batches[entry.batch_count++] = std::exchange(last, batch);
    producers.put(id, entry);
    return true;
}

/// Writes the entries piece by piece. The header comes last, because it has their checksum.
Result<void> write_snapshot(const WriteAt& write_at, const ProducerView& producers) {
    std::string piece;
    append(piece, static_cast<std::int32_t>(producers.size()));
    const std::string count = piece;
    std::uint32_t crc = record::crc32c(as_bytes(count));
    std::uint64_t position = kHeader;
    Result<void> outcome;
    const auto flush = [&] {
        if (outcome && !piece.empty()) {
            crc = record::crc32c(as_bytes(piece), crc);
            outcome = write_at(position, as_bytes(piece));
            position += piece.size();
        }
        piece.clear();
    };
    piece.clear();
    std::int32_t earlier = 0;
    producers.for_each([&](const ProducerSlot& slot) {
        append_entry(piece, slot);
        earlier += std::max(0, slot.entry.batch_count - 1);
        if (piece.size() >= kPiece) {
            flush();
        }
    });
    if (earlier > 0) {
        append(piece, earlier);
        producers.for_each([&](const ProducerSlot& slot) {
            append_earlier(piece, slot);
            if (piece.size() >= kPiece) {
                flush();
            }
        });
    }
    flush();
    if (!outcome) {
        return outcome;
    }
    std::string header;
    append(header, kVersion);
    append(header, crc);
    return write_at(0, as_bytes(header + count));
}

/// The number of entries. Errors: corrupt, unsupported.
Result<std::uint64_t> check_header(ByteView header, std::uint64_t size, std::string_view path) {
    if (header.size() < kHeader) {
        return fail(ErrorKind::corrupt, "{} has {} bytes, a snapshot has at least {}", path,
                    header.size(), kHeader);
    }
    const auto version = load_big_endian<std::int16_t>(header.data());
    if (version != kVersion) {
        return fail(ErrorKind::unsupported, "{} has version {}, only {} is supported", path,
                    version, kVersion);
    }
    const auto count = load_big_endian<std::int32_t>(header.data() + kCountAt);
    if (count < 0 || (size - kHeader) / kEntry < static_cast<std::uint64_t>(count)) {
        return fail(ErrorKind::corrupt, "{} should have {} entries, but has {} bytes", path, count,
                    size);
    }
    return static_cast<std::uint64_t>(count);
}

/// Reads a snapshot from its start to its end.
class Reader {
public:
    Reader(const ReadAt& read_at, std::uint64_t size, std::string_view path)
        : read_at_(read_at), size_(size), path_(path) {}

    [[nodiscard]] Result<ProducerTable> read() {
        std::array<std::byte, kHeader> header;
        HW_TRY(header_size, read_at_(0, header));
        HW_TRY(count, check_header(ByteView(header).first(header_size), size_, path_));
        crc_ = record::crc32c(ByteView(header).subspan(kCountAt));
        position_ = kHeader;
        ProducerTable producers;
        HW_TRY_VOID(read_items(count, kEntry, [&producers](const std::byte* at) {
            const ProducerSlot slot = read_entry(at);
            producers.put(slot.id, slot.entry);
            return true;
        }));
        if (position_ != size_) {
            HW_TRY(earlier, earlier_count());
            HW_TRY_VOID(read_items(earlier, kEarlier, [&producers](const std::byte* at) {
                return take_earlier(at, producers);
            }));
        }
        if (crc_ != load_big_endian<std::uint32_t>(header.data() + kCrcAt)) {
            return fail(ErrorKind::corrupt, "{}: the checksum does not match", path_);
        }
        return producers;
    }

private:
    [[nodiscard]] Result<void> take(MutableBytes bytes) {
        HW_TRY(got, read_at_(position_, bytes));
        if (got != bytes.size()) {
            return fail(ErrorKind::corrupt, "{} became shorter than {} bytes", path_, size_);
        }
        position_ += got;
        crc_ = record::crc32c(bytes, crc_);
        return {};
    }

    [[nodiscard]] Result<std::uint64_t> earlier_count() {
        std::array<std::byte, kEarlierCount> bytes{};
        const std::uint64_t rest = size_ - position_;
        HW_TRY_VOID(take(MutableBytes(bytes).first(std::min<std::uint64_t>(rest, bytes.size()))));
        const auto count = load_big_endian<std::int32_t>(bytes.data());
        if (count < 0 || size_ - position_ != static_cast<std::uint64_t>(count) * kEarlier) {
            return fail(ErrorKind::corrupt, "{}: {} bytes after the entries cannot be {} batches",
                        path_, rest, count);
        }
        return static_cast<std::uint64_t>(count);
    }

    /// Calls `take_item` for each item of that size. False from it: the item is wrong.
    template <class TakeItem>
    [[nodiscard]] Result<void> read_items(std::uint64_t count, std::size_t item_size,
                                          TakeItem&& take_item) {
        const std::uint64_t end = position_ + count * item_size;
        const std::size_t piece_size = kPiece / item_size * item_size;
        Buffer piece(std::min<std::uint64_t>(piece_size, end - position_));
        while (position_ < end) {
            const std::size_t wanted = std::min<std::uint64_t>(piece.size(), end - position_);
            HW_TRY_VOID(take(piece.bytes().first(wanted)));
            for (std::size_t at = 0; at < wanted; at += item_size) {
                if (!take_item(piece.bytes().data() + at)) {
                    return fail(ErrorKind::corrupt,
                                "{}: an earlier batch is of no producer, or of one with {} batches",
                                path_, ProducerEntry::kBatches);
                }
            }
        }
        return {};
    }

    const ReadAt& read_at_;
    std::uint64_t size_;
    std::string_view path_;
    std::uint64_t position_ = 0;
    std::uint32_t crc_ = 0;
};

}  // namespace

std::string format_producer_snapshot(const ProducerView& producers) {
    std::string bytes;
    const auto write_at = [&bytes](std::uint64_t position, ByteView part) -> Result<void> {
        bytes.resize(std::max<std::size_t>(bytes.size(), position + part.size()));
        bytes.replace(position, part.size(), as_text(part));
        return {};
    };
    const auto written = write_snapshot(write_at, producers);
    HW_ASSERT(written.has_value());
    return bytes;
}

Result<ProducerTable> parse_producer_snapshot(std::string_view text, std::string_view path) {
    const ReadAt read_at = [text](std::uint64_t position,
                                  MutableBytes into) -> Result<std::size_t> {
        const ByteView rest = as_bytes(text).subspan(std::min<std::size_t>(position, text.size()));
        const std::size_t count = std::min(rest.size(), into.size());
        std::ranges::copy(rest.first(count), into.begin());
        return count;
    };
    return Reader(read_at, text.size(), path).read();
}

Result<void> write_producer_snapshot(File& file, const ProducerView& producers) {
    HW_TRY_VOID(file.truncate(0));
    const auto write_at = [&file](std::uint64_t position, ByteView bytes) {
        return file.write_now(position, bytes);
    };
    return write_snapshot(write_at, producers);
}

Result<ProducerTable> read_producer_snapshot(Disk& disk, const std::string& path) {
    const auto file = disk.open(path, OpenMode::read);
    if (!file) {
        return std::unexpected(file.error());
    }
    HW_TRY(size, (*file)->size());
    const ReadAt read_at = [&file](std::uint64_t position, MutableBytes into) {
        return (*file)->read_at(position, into);
    };
    return Reader(read_at, size, path).read();
}

ProducerTable as_in_snapshot(const ProducerTable& producers) {
    ProducerTable reduced;
    for (const auto& [id, entry] : producers.entries()) {
        ProducerEntry kept = entry;
        if (kept.batch_count > 0) {
            kept.batches[kept.batch_count - 1].timestamp = entry.last_timestamp;
        }
        kept.last_used = kNoTimestamp;
        reduced.put(id, kept);
    }
    return reduced;
}

}  // namespace hw::storage
