#pragma once

#include <string_view>

#include "protocol/base/result.h"
#include "tools/dump/dump_job.h"

namespace hw::dump {

/// Of a snapshot of the metadata: `<end offset, 20 digits>-<epoch, 10 digits>.checkpoint`, or
/// `bootstrap.checkpoint`.
inline constexpr std::string_view kCheckpointSuffix = ".checkpoint";

/// The batches of a segment. Errors: as `dump_file`.
[[nodiscard]] Result<void> dump_log(const DumpJob& job);

/// The batches of a snapshot of the metadata. Errors: as `dump_file`.
[[nodiscard]] Result<void> dump_checkpoint(const DumpJob& job);

}  // namespace hw::dump
