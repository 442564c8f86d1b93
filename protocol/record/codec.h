#pragma once

#include <cstdint>
#include <optional>

namespace hw::record {

/// How the records of a batch are compressed; the numbers are bits 0-2 of the batch's attributes.
enum class Codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

/// Kafka's name, as in `compression.type` and in dumps.
[[nodiscard]] constexpr const char* to_string(Codec codec) {
    switch (codec) {
        case Codec::none:
            return "none";
        case Codec::gzip:
            return "gzip";
        case Codec::snappy:
            return "snappy";
        case Codec::lz4:
            return "lz4";
        case Codec::zstd:
            return "zstd";
    }
    return "unknown";
}

/// Codec and level to compress with. Each codec has its own range of levels:
/// `compression.gzip.level` 1 to 9, `compression.lz4.level` 1 to 17, `compression.zstd.level`
/// -131072 to 22. Without a level, Kafka's default is used.
struct Compression {
    Codec codec = Codec::none;
    std::optional<int> level;
};

}  // namespace hw::record
