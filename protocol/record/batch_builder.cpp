#include "protocol/record/batch_builder.h"

#include <algorithm>
#include <cstring>

#include "protocol/base/assert.h"
#include "protocol/record/crc32c.h"
#include "protocol/wire/varint.h"

namespace hw::record {
namespace {

using L = BatchLayout;

std::size_t size_of(std::int64_t number) {
    return wire::varint_size(wire::zigzag(number));
}

std::byte* store(std::byte* to, std::int64_t number) {
    return wire::store_varint(to, wire::zigzag(number));
}

std::int64_t length_of(const NullableBytes& bytes) {
    return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

std::size_t size_of(const NullableBytes& bytes) {
    return size_of(length_of(bytes)) + (bytes ? bytes->size() : 0);
}

std::byte* store(std::byte* to, const NullableBytes& bytes) {
    to = store(to, length_of(bytes));
    if (bytes && !bytes->empty()) {
        std::memcpy(to, bytes->data(), bytes->size());
        to += bytes->size();
    }
    return to;
}

std::size_t size_of(std::span<const HeaderView> headers) {
    std::size_t size = size_of(static_cast<std::int64_t>(headers.size()));
    for (const HeaderView& header : headers) {
        size += size_of(NullableBytes(as_bytes(header.key))) + size_of(header.value);
    }
    return size;
}

std::byte* store(std::byte* to, std::span<const HeaderView> headers) {
    to = store(to, static_cast<std::int64_t>(headers.size()));
    for (const HeaderView& header : headers) {
        to = store(to, NullableBytes(as_bytes(header.key)));
        to = store(to, header.value);
    }
    return to;
}

}  // namespace

BatchBuilder::BatchBuilder(const BatchOptions& options) : options_(options) {
    reset();
}

void BatchBuilder::reset() {
    bytes_.assign(L::kHeaderSize, std::byte{0});
    count_ = 0;
    last_offset_delta_ = -1;
    max_timestamp_ = kNoTimestamp;
}

void BatchBuilder::add(const NewRecord& record) {
    add_at(last_offset_delta_ + 1, record);
}

void BatchBuilder::add_at(std::int32_t offset_delta, const NewRecord& record) {
    HW_ASSERT(offset_delta > last_offset_delta_);
    if (count_ == 0) {
        base_timestamp_ = record.timestamp;
    }
    const std::int64_t timestamp_delta = record.timestamp - base_timestamp_;
    const std::size_t body = 1 + size_of(timestamp_delta) + size_of(std::int64_t{offset_delta}) +
                             size_of(record.key) + size_of(record.value) + size_of(record.headers);
    const std::size_t start = bytes_.size();
    bytes_.resize(start + size_of(static_cast<std::int64_t>(body)) + body);
    std::byte* to = store(bytes_.data() + start, static_cast<std::int64_t>(body));
    *to++ = std::byte{0};
    to = store(to, timestamp_delta);
    to = store(to, std::int64_t{offset_delta});
    to = store(to, record.key);
    to = store(to, record.value);
    to = store(to, record.headers);
    HW_ASSERT(to == bytes_.data() + bytes_.size());
    last_offset_delta_ = offset_delta;
    max_timestamp_ = std::max(max_timestamp_, record.timestamp);
    ++count_;
}

Result<Buffer> BatchBuilder::finish(Compressor& compressor) {
    HW_ASSERT(count_ > 0);
    auto batch = with_records(compressor);
    if (!batch) {
        return batch;
    }
    if (batch->size() > INT32_MAX) {
        return fail(ErrorKind::limit,
                    "a record batch of {} bytes is over the format's limit of {} bytes",
                    batch->size(), INT32_MAX);
    }
    write_header(batch->bytes());
    reset();
    return batch;
}

Result<Buffer> BatchBuilder::with_records(Compressor& compressor) const {
    const Codec codec = options_.compression.codec;
    const ByteView records = ByteView(bytes_).subspan(L::kHeaderSize);
    Buffer batch(L::kHeaderSize + Compressor::bound(codec, records.size()));
    if (codec == Codec::none) {
        std::memcpy(batch.data() + L::kHeaderSize, records.data(), records.size());
        return batch;
    }
    HW_TRY(size, compressor.compress(options_.compression, records,
                                     batch.bytes().subspan(L::kHeaderSize)));
    batch.resize(L::kHeaderSize + size);
    return batch;
}

void BatchBuilder::write_header(MutableBytes batch) const {
    std::byte* to = batch.data();
    int attributes = static_cast<int>(options_.compression.codec);
    attributes |=
        options_.timestamp_type == TimestampType::log_append_time ? L::kLogAppendTimeBit : 0;
    attributes |= options_.transactional ? L::kTransactionalBit : 0;
    attributes |= options_.control ? L::kControlBit : 0;
    store_big_endian(to + L::kBaseOffset, options_.base_offset.value());
    store_big_endian(to + L::kLength, static_cast<std::int32_t>(batch.size() - L::kBeforeLength));
    store_big_endian(to + L::kLeaderEpoch, options_.leader_epoch.value());
    store_big_endian(to + L::kMagic, L::kMagicValue);
    store_big_endian(to + L::kAttributes, static_cast<std::int16_t>(attributes));
    store_big_endian(to + L::kLastOffsetDelta, last_offset_delta_);
    store_big_endian(to + L::kBaseTimestamp, base_timestamp_.value());
    store_big_endian(to + L::kMaxTimestamp, max_timestamp_.value());
    store_big_endian(to + L::kProducerId, options_.producer_id.value());
    store_big_endian(to + L::kProducerEpoch, options_.producer_epoch.value());
    store_big_endian(to + L::kBaseSequence, options_.base_sequence.value());
    store_big_endian(to + L::kCount, count_);
    store_big_endian(to + L::kCrc, crc32c(batch.subspan(L::kAttributes)));
}

}  // namespace hw::record
