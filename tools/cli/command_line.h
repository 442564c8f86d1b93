#pragma once

#include <span>
#include <string>
#include <vector>

#include "protocol/base/result.h"
#include "tools/cli/command.h"

namespace hw::cli {

/// A command and what it was given.
struct Invocation {
    const Command* command;
    Arguments arguments;
    bool wants_help = false;
};

/// Finds the command that the arguments begin with, and sorts the rest. Errors: invalid (unknown
/// command or option, too few or too many operands), with what is near. Throws
/// boost::program_options::error for an option without its value, with one too many, or given
/// twice.
[[nodiscard]] Result<Invocation> parse_command_line(std::span<const Command> commands,
                                                    std::span<const std::string> arguments);

/// What is said where Boost has refused the arguments in the words `why`.
[[nodiscard]] std::string usage_error(std::span<const Command> commands,
                                      std::span<const std::string> arguments, std::string_view why);

/// What `hw --help` shows.
[[nodiscard]] std::string overview(std::span<const Command> commands);

/// What `hw NAME --help` shows.
[[nodiscard]] std::string help_of(const Command& command);

/// Runs what the arguments of the process ask for; `hw help NAME` is `hw NAME --help`. Results go
/// to standard output, sentences about failures to standard error. Throws as parse_command_line.
[[nodiscard]] ExitCode run_command_line(std::span<const Command> commands,
                                        std::span<const std::string> arguments);

}  // namespace hw::cli
