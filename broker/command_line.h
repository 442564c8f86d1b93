#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "broker/dev_cluster.h"
#include "broker/format.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// Facts about the environment of the process that the defaults of options depend on.
struct Surroundings {
    bool is_root = false;
    std::optional<std::string> home;
};

/// The command to start a node that is configured by a file.
struct ServerCommand {
    std::optional<std::string> config_file;  ///< path, to be read by the caller
    std::vector<std::string> overrides;      ///< "KEY=VALUE"
    std::string default_log_dir;
};

/// The command to format the data directories of a node.
struct FormatCommand {
    std::string config_file;             ///< path, to be read by the caller
    std::vector<std::string> overrides;  ///< "KEY=VALUE"
    std::string default_log_dir;
    std::string cluster_id;
    FormattedDirectories formatted = FormattedDirectories::refused;
};

/// The parsed arguments of `highwater`: a text for standard output, a cluster or a node to start,
/// directories to format, or a uuid to print.
struct CommandLine {
    std::string text;
    std::optional<DevOptions> dev = {};
    std::optional<ServerCommand> server = {};
    std::optional<FormatCommand> format = {};
    bool wants_uuid = false;
};

/// Parses the arguments after the program's name. Errors: invalid, with a message that names the
/// command, the mistake and where to find help.
[[nodiscard]] Result<CommandLine> read_command_line(std::span<const std::string> arguments,
                                                    const Surroundings& around);

}  // namespace hw::broker
