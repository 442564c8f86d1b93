#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/base/bytes.h"

namespace hw::record {

/// The framing that Java clients put around snappy blocks (snappy-java, SnappyOutputStream).
/// Numbers are big-endian.
///
/// | size | field |
/// |---|---|
/// | 8 | 0x82, "SNAPPY", 0 |
/// | 4 | version, 1 |
/// | 4 | oldest version that can read it, 1 |
/// | 4 + n, repeated | length n of a block, and the block: at most 32 KiB, as bare snappy |
struct Xerial {
    static constexpr std::array<std::byte, 8> kMagic{
        std::byte{0x82}, std::byte{'S'}, std::byte{'N'}, std::byte{'A'},
        std::byte{'P'},  std::byte{'P'}, std::byte{'Y'}, std::byte{0}};
    static constexpr std::int32_t kVersion = 1;
    static constexpr std::size_t kHeaderSize = 16;
    static constexpr std::size_t kLengthSize = 4;
    /// Uncompressed size of the blocks that Compressor writes.
    static constexpr std::size_t kBlock = std::size_t{32} * 1024;

    [[nodiscard]] static bool is_framed(ByteView bytes) {
        return bytes.size() >= kHeaderSize &&
               std::ranges::equal(bytes.first(kMagic.size()), kMagic);
    }
};

}  // namespace hw::record
