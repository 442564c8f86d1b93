#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/random.h"
#include "protocol/record/batch.h"
#include "protocol/record/batch_builder.h"
#include "protocol/record/codec.h"
#include "protocol/record/record.h"

namespace hw::record::test {

inline constexpr std::array kCodecs{Codec::none, Codec::gzip, Codec::snappy, Codec::lz4,
                                    Codec::zstd};
inline constexpr Timestamp kNow{1'700'000'000'000};

using Text = std::optional<std::string>;

/// A record that owns what it is made of.
struct OwnedRecord {
    std::int32_t offset_delta = 0;
    Timestamp timestamp = kNow;
    Text key;
    Text value;
    std::vector<std::pair<std::string, Text>> headers;

    bool operator==(const OwnedRecord&) const = default;
};

/// `count` keyed records of growing offsets, a millisecond apart from `kNow` on.
[[nodiscard]] std::vector<OwnedRecord> plain_records(std::int32_t count);

/// Records of random shape: null and empty keys and values, headers, timestamps in no order, and
/// values of up to `value_max` bytes of which a part repeats.
[[nodiscard]] std::vector<OwnedRecord> random_records(Random& random, std::size_t value_max);

[[nodiscard]] Buffer build(const std::vector<OwnedRecord>& records, const BatchOptions& options);
[[nodiscard]] Buffer build(const std::vector<OwnedRecord>& records, Codec codec = Codec::none);

/// The records of a batch, which must be sound.
[[nodiscard]] std::vector<OwnedRecord> read_all(const BatchView& batch);
[[nodiscard]] BatchView parsed(ByteView bytes);

/// Makes the CRC of a batch fit its bytes again after a test changed some.
void repair_crc(MutableBytes batch);

/// An uncompressed batch whose record bytes are `records` as they are.
[[nodiscard]] Buffer batch_of(ByteView records, std::int32_t count, Codec codec = Codec::none);

[[nodiscard]] Buffer copy_of(ByteView bytes);

/// A file of test/golden, whole.
[[nodiscard]] std::string golden(const std::string& name);

}  // namespace hw::record::test
