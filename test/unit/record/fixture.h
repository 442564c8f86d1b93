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

/// A record that owns its key, value and headers.
struct OwnedRecord {
    std::int32_t offset_delta = 0;
    Timestamp timestamp = kNow;
    Text key;
    Text value;
    std::vector<std::pair<std::string, Text>> headers;

    bool operator==(const OwnedRecord&) const = default;
};

/// `count` records with keys, consecutive offsets and timestamps from `kNow` on, 1 ms apart.
[[nodiscard]] std::vector<OwnedRecord> plain_records(std::int32_t count);

/// Random records: null and empty keys and values, headers, timestamps in no order, and partly
/// repetitive values of up to `value_max` bytes.
[[nodiscard]] std::vector<OwnedRecord> random_records(Random& random, std::size_t value_max);

[[nodiscard]] Buffer build(const std::vector<OwnedRecord>& records, const BatchOptions& options);
[[nodiscard]] Buffer build(const std::vector<OwnedRecord>& records, Codec codec = Codec::none);

/// The records of a batch, which must be valid.
[[nodiscard]] std::vector<OwnedRecord> read_all(const BatchView& batch);
[[nodiscard]] BatchView parsed(ByteView bytes);

/// Computes the CRC of a batch again after a test has changed its bytes.
void repair_crc(MutableBytes batch);

/// A batch with a valid header whose record bytes are `records`, unchanged. `codec` is only
/// declared in the header.
[[nodiscard]] Buffer batch_of(ByteView records, std::int32_t count, Codec codec = Codec::none);

[[nodiscard]] Buffer copy_of(ByteView bytes);

/// The contents of a file in test/golden.
[[nodiscard]] std::string golden(const std::string& name);

}  // namespace hw::record::test
