#pragma once

#include <cstdint>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"

namespace hw::client {

/// MurmurHash2, 32 bits, with the seed of Kafka's Java client.
[[nodiscard]] std::uint32_t murmur2(ByteView bytes);

/// Where the Java client puts records of that key; `partition_count` is 1 or more.
[[nodiscard]] PartitionIndex partition_of_key(ByteView key, std::int32_t partition_count);

}  // namespace hw::client
