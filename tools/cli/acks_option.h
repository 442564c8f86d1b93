#pragma once

#include "tools/cli/command.h"
#include "tools/client/partition_io.h"

namespace hw::cli {

/// Adds --acks: who has a batch before it counts; all, unless said otherwise.
void add_acks_option(boost::program_options::options_description& options);

/// Errors: invalid.
[[nodiscard]] Result<client::Acks> acks_of(const Arguments& arguments);

}  // namespace hw::cli
