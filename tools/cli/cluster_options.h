#pragma once

#include "tools/cli/command.h"
#include "tools/client/client.h"

namespace hw::cli {

/// Adds the options of every command that asks a cluster: its address, and for how long.
void add_cluster_options(boost::program_options::options_description& options);

/// Connects with the cluster that the options name. Waiting ends when `stop_descriptor` becomes
/// readable. Errors: invalid (an option's value, a controller's listener), closed, timed_out
/// (nobody answers); with the address and what to do.
[[nodiscard]] Result<client::Client> connect(const Arguments& arguments,
                                             int stop_descriptor = client::Socket::kNoStop);

}  // namespace hw::cli
