#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::perf {

/// A record batch that is sent again and again, and how many records it holds.
struct LoadBatch {
    Buffer bytes;
    std::int32_t records = 0;
};

/// A batch of as many records of `record_size` random bytes as fit into `batch_size`, one at
/// least; without keys, without compression, with its CRC. The same sizes and timestamp give the
/// same bytes. Errors: limit (2 GiB).
[[nodiscard]] Result<LoadBatch> make_batch(std::size_t record_size, std::size_t batch_size,
                                           Timestamp timestamp);

}  // namespace hw::perf
