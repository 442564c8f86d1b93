#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "broker/runtime/standard_streams.h"
#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"

namespace hw::cli {
namespace {

int exit_status(ExitCode code) {
    return static_cast<int>(code);
}

/// As good as it goes: standard error may be what failed.
void complain(std::string_view sentence) {
    std::fputs(fmt::format("hw: {}\n", sentence).c_str(), stderr);
}

int run(const std::vector<std::string>& arguments) {
    const std::array commands{topic_create(), topic_list(), topic_describe(), topic_delete(),
                              produce(),      consume(),    log_dump(),       perf_produce()};
    const ExitCode code = run_command_line(commands, arguments);
    if (std::fflush(stdout) != 0) {
        fmt::print(stderr, "{}\n", system_error(errno, "hw: write to standard output").message);
        return exit_status(ExitCode::failed);
    }
    return exit_status(code);
}

}  // namespace
}  // namespace hw::cli

int main(int count, char** values) {
    hw::broker::open_standard_streams();
    try {
        return hw::cli::run({values + 1, values + count});
    } catch (const boost::program_options::error& wrong) {
        hw::cli::complain(fmt::format("{}; see 'hw --help'", wrong.what()));
        return hw::cli::exit_status(hw::cli::ExitCode::usage);
    } catch (const std::system_error& failure) {
        // Of fmt::print: standard output or standard error is full.
        hw::cli::complain(failure.what());
        return hw::cli::exit_status(hw::cli::ExitCode::failed);
    }
}
