#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "tools/cli/command_line.h"
#include "tools/cli/commands.h"

namespace hw::cli {
namespace {

int exit_status(ExitCode code) {
    return static_cast<int>(code);
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
    try {
        return hw::cli::run({values + 1, values + count});
    } catch (const boost::program_options::error& wrong) {
        fmt::print(stderr, "hw: {}; see 'hw --help'\n", wrong.what());
        return hw::cli::exit_status(hw::cli::ExitCode::usage);
    } catch (const std::system_error& failure) {
        // Of fmt::print: standard output is full or closed.
        fmt::print(stderr, "hw: {}\n", failure.what());
        return hw::cli::exit_status(hw::cli::ExitCode::failed);
    }
}
