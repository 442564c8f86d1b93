#include <array>
#include <string>
#include <system_error>
#include <vector>

#include "broker/runtime/standard_streams.h"
#include "tools/cli/command.h"
#include "tools/cli/output.h"

namespace hw::cli {
namespace {

int exit_status(ExitCode code) {
    return static_cast<int>(code);
}

int run(const std::vector<std::string>& arguments) {
    const std::array commands{topic_create(),
                              topic_list(),
                              topic_describe(),
                              topic_alter(),
                              topic_delete(),
                              partition_list(),
                              partition_describe(),
                              partition_elect(),
                              group_list(),
                              group_describe(),
                              group_lag(),
                              group_watch(),
                              group_reset(),
                              group_delete(),
                              produce(),
                              consume(),
                              cluster_info(),
                              cluster_brokers(),
                              cluster_quorum(),
                              cluster_features(),
                              log_dump(),
                              perf_produce(),
                              perf_fetch(),
                              perf_latency(),
                              perf_group(),
                              perf_commit(),
                              perf_offsets()};
    try {
        const ExitCode code = run_command_line(commands, arguments);
        return exit_status(flush_output() ? code : ExitCode::failed);
    } catch (const std::system_error& failure) {
        // Thrown by fmt::print, when standard output cannot be written.
        say_output_failed(failure.code().value());
        return exit_status(ExitCode::failed);
    }
}

}  // namespace
}  // namespace hw::cli

int main(int count, char** values) {
    hw::broker::open_standard_streams(hw::broker::ClosedOutput::error);
    return hw::cli::run({values + 1, values + count});
}
