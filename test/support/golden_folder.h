#pragma once

#include <string>
#include <string_view>

#include "test/sim/sim_disk.h"

namespace hw::test {

/// Fails unless `folder` holds exactly the files of `test/golden/highwater/<name>`, byte for byte.
/// On failure, copies the written files into the build folder, and says where they are and what to
/// do with them.
void check_golden_folder(sim::SimDisk& disk, const std::string& folder, std::string_view name);

}  // namespace hw::test
