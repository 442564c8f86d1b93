#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/settings.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// Facts about the environment of the process that the defaults of options depend on.
struct Surroundings {
    bool is_root = false;
    std::optional<std::string> home;
};

enum class ExistingData : bool { kept, wiped };

/// The command to start a broker, with its options.
struct StartCommand {
    std::string command;                     ///< "dev" or "server"
    std::optional<std::string> config_file;  ///< path, to be read by the caller
    std::vector<config::Preset> presets;
    std::vector<std::string> overrides;  ///< "KEY=VALUE"
    std::string default_log_dir;
    ExistingData old_data = ExistingData::kept;
};

/// The parsed arguments of `highwater`: a text for standard output, or a broker to start.
struct CommandLine {
    std::string text;
    std::optional<StartCommand> start;
};

/// Parses the arguments after the program's name. Errors: invalid, with a message that names the
/// command, the mistake and where to find help.
[[nodiscard]] Result<CommandLine> read_command_line(std::span<const std::string> arguments,
                                                    const Surroundings& around);

}  // namespace hw::broker
