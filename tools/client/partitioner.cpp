#include "tools/client/partitioner.h"

#include <bit>
#include <cstring>

namespace hw::client {
namespace {

constexpr std::uint32_t kSeed = 0x9747b28c;
constexpr std::uint32_t kMultiplier = 0x5bd1e995;
constexpr std::size_t kWord = sizeof(std::uint32_t);

std::uint32_t load_little_endian(const std::byte* from, std::size_t size) {
    static_assert(std::endian::native == std::endian::little);
    std::uint32_t value = 0;
    std::memcpy(&value, from, size);
    return value;
}

}  // namespace

std::uint32_t murmur2(ByteView bytes) {
    std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(bytes.size());
    for (; bytes.size() >= kWord; bytes = bytes.subspan(kWord)) {
        std::uint32_t word = load_little_endian(bytes.data(), kWord) * kMultiplier;
        word = (word ^ (word >> 24)) * kMultiplier;
        hash = (hash * kMultiplier) ^ word;
    }
    if (!bytes.empty()) {
        hash = (hash ^ load_little_endian(bytes.data(), bytes.size())) * kMultiplier;
    }
    hash = (hash ^ (hash >> 13)) * kMultiplier;
    return hash ^ (hash >> 15);
}

PartitionIndex partition_of_key(ByteView key, std::int32_t partition_count) {
    const auto positive = static_cast<std::int32_t>(murmur2(key) & 0x7fffffffU);
    return PartitionIndex(positive % partition_count);
}

}  // namespace hw::client
