#include "tools/cli/command.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "tools/cli/output.h"

namespace hw::cli {
namespace {

constexpr std::string_view kIntro =
    R"(hw: the command line of highwater

Usage:
  hw COMMAND [OPTIONS] [OPERANDS]
  hw COMMAND --help    what a command does, with examples
  hw --version         the version
)";

constexpr std::string_view kOutro =
    R"(Exit status: 0 done, 1 failed, 2 wrong command line, 3 not found, 4 no broker answered,
5 not allowed, 6 done in part, 130 interrupted.
)";

}  // namespace

ExitCode exit_code_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::invalid:
            return ExitCode::usage;
        case ErrorKind::not_found:
            return ExitCode::not_found;
        case ErrorKind::permission:
            return ExitCode::denied;
        case ErrorKind::closed:
        case ErrorKind::timed_out:
        case ErrorKind::not_sent:
            return ExitCode::unreachable;
        case ErrorKind::exists:
        case ErrorKind::corrupt:
        case ErrorKind::limit:
        case ErrorKind::no_space:
        case ErrorKind::io:
        case ErrorKind::busy:
        case ErrorKind::would_block:
        case ErrorKind::unsupported:
            return ExitCode::failed;
    }
    return ExitCode::failed;
}

ExitCode run_command_line(std::span<const Command> commands,
                          std::span<const std::string> arguments) {
    config::Program program{
        .name = "hw", .version = HW_VERSION, .intro = kIntro, .outro = kOutro, .commands = {}};
    std::ranges::transform(commands, std::back_inserter(program.commands), &Command::spec);
    const auto invocation = config::read_arguments(program, arguments);
    if (!invocation) {
        remark(fmt::format("{}\n", invocation.error().message));
        return ExitCode::usage;
    }
    if (invocation->command == nullptr) {
        fmt::print("{}", invocation->text);
        return ExitCode::ok;
    }
    const auto index = static_cast<std::size_t>(invocation->command - program.commands.data());
    return commands[index].run(invocation->arguments);
}

}  // namespace hw::cli
