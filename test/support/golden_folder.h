#pragma once

#include <string>
#include <string_view>

#include "test/sim/sim_disk.h"

namespace hw::test {

/// Fails unless `folder` holds the files of `test/golden/highwater/<name>`, no more and no less,
/// byte for byte. What was written instead is then put beside the tests in the build, and the
/// failure says where it is and what to do with it.
void check_golden_folder(sim::SimDisk& disk, const std::string& folder, std::string_view name);

}  // namespace hw::test
