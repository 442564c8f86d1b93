#pragma once

#include "protocol/base/result.h"
#include "tools/dump/dump_job.h"

namespace hw::dump {

/// The producers of a `.snapshot`. Errors: as `dump_file`; nothing is printed of a snapshot whose
/// checksum is wrong.
[[nodiscard]] Result<void> dump_producers(const DumpJob& job);

}  // namespace hw::dump
