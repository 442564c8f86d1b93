#include "broker/command_line.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/address.h"
#include "config/command_line.h"

namespace hw::broker {
namespace {

using config::Arguments;

constexpr std::string_view kDev = "dev";

constexpr std::string_view kIntro =
    R"(highwater: a partitioned, replicated log broker that speaks the Kafka protocol

Usage:
  highwater COMMAND [OPTIONS]
  highwater COMMAND --help    the options of a command, with examples
  highwater --version         the version
)";

constexpr std::string_view kOutro =
    R"(Try:
  highwater dev &
  kcat -b 127.0.0.1:9092 -L

Exit status: 0 stopped on request, 1 failed, 2 wrong command line.
)";

constexpr std::string_view kDevHelp =
    R"(Usage: highwater dev [OPTIONS]

Starts one broker for trying things out. By default only this machine can connect to it.

Examples:
  highwater dev
  highwater dev --data-dir /tmp/highwater --fresh
  highwater dev --listen 127.0.0.1:19092 --controller-listen 127.0.0.1:19093 --set num.partitions=3
)";

constexpr std::string_view kServerHelp =
    R"(Usage: highwater server [OPTIONS]

Starts a broker that is configured by a file, as in production. It reads Kafka's server.properties
unchanged, and warns of each key that has no effect. It refuses to start when the file has a
misspelt key, an invalid value, or a key that asks for security, which is not supported yet.
Without a file it starts a single node with the default of every key, which listens on all
interfaces.

Examples:
  highwater server --config config/samples/server.properties
  highwater server --config server.properties --set log.dirs=/srv/highwater
)";

std::string default_data_directory(const Surroundings& around, std::string_view name) {
    return around.is_root || !around.home ? fmt::format("/var/lib/{}", name)
                                          : fmt::format("{}/.local/share/{}", *around.home, name);
}

config::Command dev_command(const Surroundings& around) {
    return {.name = kDev,
            .summary = "start one broker for trying things out, by default for this machine only",
            .help = kDevHelp,
            .options = {{.name = "listen",
                         .letter = 'l',
                         .value_name = "HOST:PORT",
                         .help = "where clients connect; port 0 means any free port",
                         .default_value = "127.0.0.1:9092"},
                        {.name = "controller-listen",
                         .value_name = "HOST:PORT",
                         .help = "where the controller listens; port 0 means any free port",
                         .default_value = "127.0.0.1:9093"},
                        {.name = "data-dir",
                         .letter = 'd',
                         .value_name = "DIR",
                         .help = "where the data is kept",
                         .default_value = default_data_directory(around, "highwater-dev")},
                        {.name = "fresh", .help = "delete existing data before starting"},
                        {.name = "set",
                         .value_name = "KEY=VALUE",
                         .help = "set a configuration key; may be given several times",
                         .is_repeatable = true}}};
}

config::Command server_command() {
    return {.name = "server",
            .summary = "start a broker that is configured by a file, as in production",
            .help = kServerHelp,
            .options = {{.name = "config",
                         .letter = 'c',
                         .value_name = "FILE",
                         .help = "the configuration, such as Kafka's server.properties"},
                        {.name = "set",
                         .value_name = "KEY=VALUE",
                         .help = "set a key and ignore its value in the file; may be given several "
                                 "times",
                         .is_repeatable = true}}};
}

/// An error in the arguments of `dev`; the message ends with a pointer to the help.
template <class... Args>
std::unexpected<Error> complain(fmt::format_string<Args...> text, Args&&... args) {
    return fail(ErrorKind::invalid, "highwater dev: {}; see 'highwater dev --help'",
                fmt::format(text, std::forward<Args>(args)...));
}

Result<void> check_dev(const Arguments& arguments) {
    for (const char* option : {"listen", "controller-listen"}) {
        const std::string& text = arguments.value(option);
        if (const auto address = config::parse_address(text); !address) {
            return complain("--{} '{}' {}", option, text, address.error().message);
        }
    }
    const std::string& data = arguments.value("data-dir");
    const bool is_path = std::ranges::all_of(
        data, [](char each) { return each != ',' && static_cast<unsigned char>(each) >= ' '; });
    if (data.empty() || !is_path) {
        return complain("--data-dir '{}' must be one path, without commas or line ends", data);
    }
    return {};
}

/// The keys that `dev` sets by itself, and those that its options set.
std::vector<config::Preset> dev_presets(const Arguments& arguments) {
    return {{"process.roles", "broker,controller", "dev"},
            {"node.id", "1", "dev"},
            {"listeners",
             fmt::format("PLAINTEXT://{},CONTROLLER://{}", arguments.value("listen"),
                         arguments.value("controller-listen")),
             "--listen and --controller-listen"},
            {"controller.listener.names", "CONTROLLER", "dev"},
            {"log.dirs", arguments.value("data-dir"), "--data-dir"}};
}

Result<StartCommand> dev_start(const Arguments& arguments) {
    HW_TRY_VOID(check_dev(arguments));
    return StartCommand{
        .command = "dev",
        .config_file = {},
        .presets = dev_presets(arguments),
        .overrides = arguments.values("set"),
        .default_log_dir = {},
        .old_data = arguments.has("fresh") ? ExistingData::wiped : ExistingData::kept};
}

StartCommand server_start(const Arguments& arguments, const Surroundings& around) {
    StartCommand start{.command = "server",
                       .config_file = {},
                       .presets = {},
                       .overrides = arguments.values("set"),
                       .default_log_dir = default_data_directory(around, "highwater")};
    if (arguments.has("config")) {
        start.config_file = arguments.value("config");
    }
    return start;
}

}  // namespace

Result<CommandLine> read_command_line(std::span<const std::string> arguments,
                                      const Surroundings& around) {
    const config::Program program{.name = "highwater",
                                  .version = HW_VERSION,
                                  .intro = kIntro,
                                  .outro = kOutro,
                                  .commands = {dev_command(around), server_command()}};
    HW_TRY(invocation, config::read_arguments(program, arguments));
    if (invocation.command == nullptr) {
        return CommandLine{.text = std::move(invocation.text), .start = {}};
    }
    if (invocation.command->name != kDev) {
        return CommandLine{.text = {}, .start = server_start(invocation.arguments, around)};
    }
    HW_TRY(start, dev_start(invocation.arguments));
    return CommandLine{.text = {}, .start = std::move(start)};
}

}  // namespace hw::broker
