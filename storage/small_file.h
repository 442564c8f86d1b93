#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "storage/disk.h"

namespace hw::storage {

/// Largest bookkeeping file (checkpoints, properties) that is read: far above any real one.
inline constexpr std::uint64_t kMaxSmallFile = std::uint64_t{256} << 20;

/// Reads a whole bookkeeping file. Errors: not_found, limit (over kMaxSmallFile), io.
[[nodiscard]] Result<std::string> read_small_file(Disk& disk, const std::string& path);

/// The same, but without a text if the file does not exist.
[[nodiscard]] Result<std::optional<std::string>> read_small_file_if_there(Disk& disk,
                                                                          const std::string& path);

/// Adds what to do to an error about a damaged file (corrupt, unsupported). Returns other errors
/// unchanged.
[[nodiscard]] std::unexpected<Error> with_remedy(const Error& error, std::string_view remedy);

/// Creates or replaces `name` in `directory` atomically and durably: writes `<name>.tmp`, syncs it,
/// renames it and syncs the directory. After any crash the file has the old or the new bytes.
/// Blocks.
[[nodiscard]] Result<void> replace_small_file(Disk& disk, const std::string& directory,
                                              const std::string& name, std::string_view bytes);

}  // namespace hw::storage
