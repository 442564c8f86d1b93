#pragma once

#include <cstdint>

#include "protocol/base/result.h"
#include "replication/partition/partition_reader.h"

namespace hw::broker {

/// The isolation level of Fetch and ListOffsets. Errors: invalid; the answers have no place for it,
/// so the request is rejected.
[[nodiscard]] inline Result<replication::IsolationLevel> isolation_level(std::int8_t number) {
    using replication::IsolationLevel;
    const IsolationLevel level{number};
    if (level != IsolationLevel::read_uncommitted && level != IsolationLevel::read_committed) {
        return fail(ErrorKind::invalid,
                    "isolation level {} is none: it is 0 (uncommitted) or 1 (committed)", number);
    }
    return level;
}

}  // namespace hw::broker
