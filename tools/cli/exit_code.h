#pragma once

#include <cstdint>

#include "protocol/base/result.h"

namespace hw::cli {

/// What a script learns from `hw`; part of its interface, so a number never changes its meaning.
enum class ExitCode : std::uint8_t {
    ok = 0,
    failed = 1,
    usage = 2,        ///< the command line is wrong; nothing was done
    not_found = 3,    ///< what was named does not exist
    unreachable = 4,  ///< no broker answered
    denied = 5,       ///< not allowed
    partial = 6,      ///< done for some of what was named, failed for the rest
    /// Ctrl-C or SIGTERM ended what was to go on; what a shell says of a process that SIGINT ended.
    interrupted = 130,
};

[[nodiscard]] ExitCode exit_code_of(ErrorKind kind);

}  // namespace hw::cli
