#pragma once

#include <cstddef>
#include <istream>
#include <string>

#include "test/history/history.h"

namespace hw::history {

/// The longest line of a history file in bytes.
inline constexpr std::size_t kLineBytesMax = 16 * 1024 * 1024;

/// Reads a history, one JSON object a line, in the format that README.md describes. `name` stands
/// in messages. Errors: invalid, as "NAME:LINE: what is wrong, and what is allowed"; limit; io.
[[nodiscard]] Result<History> read_history(std::istream& input, const std::string& name);

/// Reads the file at `path`, or standard input if it is "-". Errors: as above; not_found.
[[nodiscard]] Result<History> read_history_file(const std::string& path);

}  // namespace hw::history
