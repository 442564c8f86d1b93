#include "test/unit/record/fixture.h"

#include <cstring>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "protocol/record/compressor.h"
#include "protocol/record/crc32c.h"
#include "protocol/record/decompressor.h"

namespace hw::record::test {
namespace {

NullableBytes view(const Text& text) {
    return text ? NullableBytes(as_bytes(*text)) : std::nullopt;
}

Text own(const NullableBytes& bytes) {
    return bytes ? Text(as_text(*bytes)) : std::nullopt;
}

Text random_text(Random& random, std::size_t size_max) {
    if (random.chance(1, 6)) {
        return std::nullopt;
    }
    std::string text(random.below(size_max + 1), 'x');
    const std::size_t noisy = random.below(text.size() + 1);
    for (std::size_t i = 0; i < noisy; ++i) {
        text[i] = static_cast<char>(random.below(256));
    }
    return text;
}

}  // namespace

std::vector<OwnedRecord> plain_records(std::int32_t count) {
    std::vector<OwnedRecord> records;
    for (std::int32_t i = 0; i < count; ++i) {
        records.push_back({i, kNow + i, fmt::format("key {}", i), fmt::format("value {}", i), {}});
    }
    return records;
}

std::vector<OwnedRecord> random_records(Random& random, std::size_t value_max) {
    std::vector<OwnedRecord> records(1 + random.below(40));
    std::int32_t delta = 0;
    for (OwnedRecord& record : records) {
        record.offset_delta = delta++;
        record.timestamp = kNow + random.between(-100'000, 100'000);
        record.key = random_text(random, 200);
        record.value = random_text(random, value_max);
        for (std::uint64_t i = random.below(4); i > 0; --i) {
            record.headers.emplace_back(random_text(random, 100).value_or(""),
                                        random_text(random, 100));
        }
    }
    return records;
}

Buffer build(const std::vector<OwnedRecord>& records, const BatchOptions& options) {
    BatchBuilder builder(options);
    for (const OwnedRecord& record : records) {
        std::vector<HeaderView> headers;
        for (const auto& [key, value] : record.headers) {
            headers.push_back({key, view(value)});
        }
        builder.add_at(record.offset_delta,
                       {view(record.key), view(record.value), headers, record.timestamp});
    }
    Compressor compressor;
    auto batch = builder.finish(compressor);
    REQUIRE(batch);
    return std::move(*batch);
}

Buffer build(const std::vector<OwnedRecord>& records, Codec codec) {
    BatchOptions options;
    options.compression.codec = codec;
    return build(records, options);
}

std::vector<OwnedRecord> read_all(const BatchView& batch) {
    Buffer plain;
    ByteView bytes = batch.records();
    if (batch.codec() != Codec::none) {
        Decompressor decompressor;
        auto decompressed = decompressor.decompress(batch.codec().value(), bytes);
        REQUIRE(decompressed);
        plain = std::move(*decompressed);
        bytes = plain.view();
    }
    std::vector<OwnedRecord> records;
    RecordCursor cursor(batch, bytes);
    while (auto record = cursor.next()) {
        OwnedRecord owned{
            record->offset_delta, record->timestamp, own(record->key), own(record->value), {}};
        while (const auto header = record->headers.next()) {
            owned.headers.emplace_back(header->key, own(header->value));
        }
        records.push_back(std::move(owned));
    }
    REQUIRE(cursor.status());
    return records;
}

BatchView parsed(ByteView bytes) {
    const auto batch = parse_batch(bytes);
    REQUIRE(batch);
    return *batch;
}

void repair_crc(MutableBytes batch) {
    store_big_endian(batch.data() + BatchLayout::kCrc,
                     crc32c(batch.subspan(BatchLayout::kAttributes)));
}

Buffer batch_of(ByteView records, std::int32_t count, Codec codec) {
    using L = BatchLayout;
    const Buffer model = build(plain_records(1));
    Buffer batch(L::kHeaderSize + records.size());
    std::memcpy(batch.data(), model.data(), L::kHeaderSize);
    if (!records.empty()) {
        std::memcpy(batch.data() + L::kHeaderSize, records.data(), records.size());
    }
    store_big_endian(batch.data() + L::kLength,
                     static_cast<std::int32_t>(batch.size() - L::kBeforeLength));
    store_big_endian(batch.data() + L::kAttributes, static_cast<std::int16_t>(codec));
    store_big_endian(batch.data() + L::kLastOffsetDelta, count - 1);
    store_big_endian(batch.data() + L::kCount, count);
    repair_crc(batch.bytes());
    return batch;
}

Buffer copy_of(ByteView bytes) {
    Buffer copy(bytes.size());
    if (!bytes.empty()) {
        std::memcpy(copy.data(), bytes.data(), bytes.size());
    }
    return copy;
}

std::string golden(const std::string& name) {
    std::ifstream file(std::string(HW_GOLDEN_DIR "/") + name, std::ios::binary);
    INFO(name);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace hw::record::test
