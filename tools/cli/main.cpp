#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
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
void complain(const std::string& sentence) {
    std::fputs((sentence + "\n").c_str(), stderr);
}

int run(const std::vector<std::string>& arguments) {
    const std::array commands{topic_create(), topic_list(), topic_describe(), topic_delete(),
                              produce(),      consume(),    log_dump(),       perf_produce()};
    try {
        const ExitCode code = run_command_line(commands, arguments);
        // What failed earlier left its mark, and nothing to flush.
        if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
            complain(system_error(errno, "hw: write to standard output").message);
            return exit_status(ExitCode::failed);
        }
        return exit_status(code);
    } catch (const boost::program_options::error& wrong) {
        complain(usage_error(commands, arguments, wrong.what()));
        return exit_status(ExitCode::usage);
    } catch (const std::system_error& failure) {
        // Of fmt::print: standard output or standard error is full.
        complain(fmt::format("hw: {}", failure.what()));
        return exit_status(ExitCode::failed);
    }
}

}  // namespace
}  // namespace hw::cli

int main(int count, char** values) {
    hw::broker::open_standard_streams();
    return hw::cli::run({values + 1, values + count});
}
