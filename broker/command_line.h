#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/settings.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// The environment of the process, as far as the defaults of options depend on it.
struct Surroundings {
    bool is_root = false;
    std::optional<std::string> home;
};

enum class OldData : bool { kept, wiped };

/// A broker that is to be started.
struct StartOrder {
    std::string command;                     ///< "dev" or "server"
    std::optional<std::string> config_file;  ///< path, to be read by the caller
    std::vector<config::Preset> presets;
    std::vector<std::string> overrides;  ///< "KEY=VALUE"
    std::string default_log_dir;
    OldData old_data = OldData::kept;
};

/// The meaning of `highwater`'s arguments: a text for standard output, or a broker to start.
struct CommandLine {
    std::string text;
    std::optional<StartOrder> start;
};

/// Reads the arguments behind the program's name. Errors: invalid, with a sentence that names the
/// command, the fault and the help.
[[nodiscard]] Result<CommandLine> read_command_line(std::span<const std::string> arguments,
                                                    const Surroundings& around);

}  // namespace hw::broker
