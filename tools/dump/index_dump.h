#pragma once

#include "protocol/base/result.h"
#include "tools/dump/dump_job.h"

namespace hw::dump {

/// The entries of a `.index`, without the zeroes of preallocation. Errors: as `dump_file`.
[[nodiscard]] Result<void> dump_offset_index(const DumpJob& job);

/// The entries of a `.timeindex`, likewise. Errors: as `dump_file`.
[[nodiscard]] Result<void> dump_time_index(const DumpJob& job);

}  // namespace hw::dump
