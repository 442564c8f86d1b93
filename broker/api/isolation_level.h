#pragma once

#include <cstdint>

#include "protocol/base/result.h"
#include "replication/partition/partition_reader.h"

namespace hw::broker {

/// Decodes the isolation level of Fetch and ListOffsets. Errors: invalid. The request must then be
/// rejected, because the responses have no field for this error.
[[nodiscard]] inline Result<replication::IsolationLevel> isolation_level(std::int8_t number) {
    using replication::IsolationLevel;
    const IsolationLevel level{number};
    if (level != IsolationLevel::read_uncommitted && level != IsolationLevel::read_committed) {
        return fail(ErrorKind::invalid,
                    "unknown isolation level {}: it must be 0 (uncommitted) or 1 (committed)",
                    number);
    }
    return level;
}

}  // namespace hw::broker
