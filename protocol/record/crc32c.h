#pragma once

#include <cstdint>

#include "protocol/base/bytes.h"

namespace hw::record {

/// CRC-32C (Castagnoli polynomial, RFC 3720 appendix B.4), the checksum of record batches and of
/// producer snapshots. `previous` is the checksum of the bytes before these:
/// `crc32c(b, crc32c(a))` is the checksum of a followed by b.
[[nodiscard]] std::uint32_t crc32c(ByteView bytes, std::uint32_t previous = 0);

}  // namespace hw::record
