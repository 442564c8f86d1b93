#include "protocol/record/batch.h"

#include "protocol/record/crc32c.h"

namespace hw::record {

Sequence sequence_after(Sequence base, std::int32_t distance) {
    if (base == kNoSequence) {
        return kNoSequence;
    }
    const std::int64_t sum = std::int64_t{base.value()} + distance;
    return Sequence(static_cast<std::int32_t>(sum & INT32_MAX));
}

std::optional<Codec> BatchHeader::codec() const {
    const int number = codec_number();
    if (number > static_cast<int>(Codec::zstd)) {
        return std::nullopt;
    }
    return static_cast<Codec>(number);
}

std::optional<Timestamp> BatchHeader::delete_horizon() const {
    if (!has(L::kDeleteHorizonBit)) {
        return std::nullopt;
    }
    return base_timestamp();
}

Timestamp BatchHeader::timestamp_of(std::int64_t delta) const {
    if (timestamp_type() == TimestampType::log_append_time) {
        return max_timestamp();
    }
    // An invalid delta may overflow. The sum wraps, as in Java, so all readers see the same value.
    const auto sum =
        static_cast<std::uint64_t>(base_timestamp().value()) + static_cast<std::uint64_t>(delta);
    return Timestamp(static_cast<std::int64_t>(sum));
}

std::uint32_t BatchView::computed_crc() const {
    return crc32c(bytes().subspan(L::kAttributes));
}

Result<BatchHeader> parse_header(ByteView bytes) {
    using L = BatchLayout;
    if (bytes.size() <= L::kMagic) {
        return fail(ErrorKind::corrupt, "a record batch ends after {} bytes of its {} byte header",
                    bytes.size(), L::kHeaderSize);
    }
    const auto magic = load_big_endian<std::int8_t>(bytes.data() + L::kMagic);
    if (magic == 0 || magic == 1) {
        return fail(ErrorKind::unsupported,
                    "a record batch has message format {} (magic), only {} is supported", magic,
                    L::kMagicValue);
    }
    if (magic != L::kMagicValue) {
        return fail(ErrorKind::corrupt, "a record batch has the unknown magic {}", magic);
    }
    const auto length = load_big_endian<std::int32_t>(bytes.data() + L::kLength);
    if (length < L::kMinLength) {
        return fail(ErrorKind::corrupt,
                    "a record batch has length {}, but its header alone needs {}", length,
                    L::kMinLength);
    }
    if (bytes.size() < L::kHeaderSize) {
        return fail(ErrorKind::corrupt, "a record batch ends after {} bytes of its {} byte header",
                    bytes.size(), L::kHeaderSize);
    }
    return BatchHeader(bytes.data());
}

Result<BatchView> parse_batch(ByteView bytes) {
    HW_TRY(header, parse_header(bytes));
    if (bytes.size() < header.size()) {
        return fail(ErrorKind::corrupt, "a record batch of {} bytes ends after {} bytes",
                    header.size(), bytes.size());
    }
    return BatchView(header);
}

}  // namespace hw::record
