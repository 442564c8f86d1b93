#pragma once

#include "tools/cli/command.h"

/// The commands of `hw`, each in the file of its name.
namespace hw::cli {

[[nodiscard]] Command log_dump();

}  // namespace hw::cli
