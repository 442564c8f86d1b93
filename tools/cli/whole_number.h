#pragma once

#include <cstdint>
#include <limits>

#include "tools/cli/command.h"

namespace hw::cli {

inline constexpr std::int64_t kNoMost = std::numeric_limits<std::int64_t>::max();

/// The whole number that an option was given, which holds text, so that what is wrong is told with
/// what is allowed. Both bounds are allowed. Errors: invalid.
[[nodiscard]] Result<std::int64_t> whole_number(const Arguments& arguments, const char* option,
                                                std::int64_t least, std::int64_t most = kNoMost);

}  // namespace hw::cli
