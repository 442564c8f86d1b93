#pragma once

#include <string_view>
#include <variant>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::cli {

/// Where reading starts: at an offset, or at the first record at or after a time; the ends of a
/// log are times too (client::kLogStart, client::kLogEnd).
using StartPosition = std::variant<Offset, Timestamp>;

/// "beginning", "end", an offset, or a time as in ISO 8601: 2026-11-23, 2026-11-23T10:30,
/// 2026-11-23T10:30:00.250, in UTC, or with Z or +02:00 behind. Errors: invalid.
[[nodiscard]] Result<StartPosition> parse_start_position(std::string_view text);

}  // namespace hw::cli
