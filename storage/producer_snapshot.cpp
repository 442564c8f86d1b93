#include "storage/producer_snapshot.h"

#include <cstdint>

#include "protocol/record/crc32c.h"

namespace hw::storage {
namespace {

constexpr std::int16_t kVersion = 1;
constexpr std::size_t kCrcAt = 2;
constexpr std::size_t kCountAt = 6;
constexpr std::size_t kHeader = 10;
constexpr std::size_t kEntry = 46;

template <class T>
void append(std::string& to, T value) {
    std::array<std::byte, sizeof(T)> bytes;
    store_big_endian(bytes.data(), value);
    to += as_text(bytes);
}

/// Takes numbers from bytes that are known to be long enough.
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

}  // namespace

std::string format_producer_snapshot(const ProducerTable& producers) {
    std::string body;
    append(body, static_cast<std::int32_t>(producers.entries().size()));
    for (const auto& [id, entry] : producers.entries()) {
        const ProducerBatch last = entry.last_batch();
        append(body, id.value());
        append(body, entry.epoch.value());
        append(body, last.last_sequence.value());
        append(body, last.last_offset.value());
        append(body, last.offset_delta);
        append(body, entry.last_timestamp.value());
        append(body, entry.coordinator_epoch.value());
        append(body, entry.transaction_start.value());
    }
    std::string bytes;
    append(bytes, kVersion);
    append(bytes, record::crc32c(as_bytes(body)));
    return bytes + body;
}

Result<ProducerTable> parse_producer_snapshot(std::string_view text, std::string_view path) {
    const ByteView bytes = as_bytes(text);
    if (bytes.size() < kHeader) {
        return fail(ErrorKind::corrupt, "{} has {} bytes, a snapshot has at least {}", path,
                    bytes.size(), kHeader);
    }
    const auto version = load_big_endian<std::int16_t>(bytes.data());
    if (version != kVersion) {
        return fail(ErrorKind::unsupported, "{} has version {}, only {} is supported", path,
                    version, kVersion);
    }
    if (record::crc32c(bytes.subspan(kCountAt)) !=
        load_big_endian<std::uint32_t>(bytes.data() + kCrcAt)) {
        return fail(ErrorKind::corrupt, "{}: the checksum does not match", path);
    }
    const auto count = load_big_endian<std::int32_t>(bytes.data() + kCountAt);
    if (count < 0 || (bytes.size() - kHeader) != static_cast<std::size_t>(count) * kEntry) {
        return fail(ErrorKind::corrupt, "{} announces {} entries in {} bytes", path, count,
                    bytes.size());
    }
    ProducerTable producers;
    Cursor cursor(bytes.data() + kHeader);
    for (std::int32_t i = 0; i < count; ++i) {
        ProducerEntry entry;
        ProducerBatch last;
        const ProducerId id(cursor.take<std::int64_t>());
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
        producers.put(id, entry);
    }
    return producers;
}

ProducerTable as_in_snapshot(const ProducerTable& producers) {
    ProducerTable reduced;
    for (const auto& [id, entry] : producers.entries()) {
        ProducerEntry kept = entry;
        kept.batches = {};
        kept.batch_count = entry.batch_count == 0 ? 0 : 1;
        if (kept.batch_count == 1) {
            kept.batches[0] = entry.last_batch();
            kept.batches[0].timestamp = entry.last_timestamp;
        }
        reduced.put(id, kept);
    }
    return reduced;
}

}  // namespace hw::storage
