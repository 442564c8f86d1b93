#pragma once

#include <string>
#include <string_view>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "storage/disk.h"

namespace hw::storage {

/// Bookkeeping files (checkpoints, properties, snapshots) at most: far above any real one.
inline constexpr std::uint64_t kMaxSmallFile = std::uint64_t{256} << 20;

/// Everything in a file of bookkeeping. Errors: not_found, limit (over kMaxSmallFile), io.
[[nodiscard]] Result<std::string> read_small_file(Disk& disk, const std::string& path);

/// Makes or replaces `name` in `directory` so that after any crash it holds either the old bytes
/// or the new: written as `<name>.tmp`, synced, renamed, directory synced. Blocks.
[[nodiscard]] Result<void> replace_small_file(Disk& disk, const std::string& directory,
                                              const std::string& name, std::string_view bytes);

}  // namespace hw::storage
