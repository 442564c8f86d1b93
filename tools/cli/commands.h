#pragma once

#include "tools/cli/command.h"

/// The commands of `hw`, each in the file of its name.
namespace hw::cli {

[[nodiscard]] Command consume();
[[nodiscard]] Command log_dump();
[[nodiscard]] Command perf_produce();
[[nodiscard]] Command produce();
[[nodiscard]] Command topic_create();
[[nodiscard]] Command topic_delete();
[[nodiscard]] Command topic_describe();
[[nodiscard]] Command topic_list();

}  // namespace hw::cli
