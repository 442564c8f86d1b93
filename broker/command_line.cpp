#include "broker/command_line.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <utility>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "config/address.h"
#include "config/nearest_name.h"

namespace hw::broker {
namespace {

namespace po = boost::program_options;

constexpr unsigned kColumns = 100;

constexpr std::string_view kOverview =
    R"(highwater: a partitioned, replicated log broker that speaks the Kafka protocol

Usage:
  highwater dev [OPTIONS]       one broker for trying things out, on this machine only
  highwater server [OPTIONS]    a broker that is configured by a file, as in production
  highwater COMMAND --help      the options of a command, with examples
  highwater --version           the version

Try:
  highwater dev &
  kcat -b 127.0.0.1:9092 -L

Exit status: 0 stopped as asked, 1 failed, 2 wrong command line.
)";

constexpr std::string_view kDevHelp =
    R"(highwater dev: one broker for trying things out, on this machine only

Usage:
  highwater dev [OPTIONS]

Examples:
  highwater dev
  highwater dev --data-dir /tmp/highwater --fresh
  highwater dev --listen 127.0.0.1:19092 --controller-listen 127.0.0.1:19093 --set num.partitions=3

)";

constexpr std::string_view kServerHelp =
    R"(highwater server: a broker that is configured by a file, as in production

Usage:
  highwater server [OPTIONS]

Examples:
  highwater server --config config/samples/server.properties
  highwater server --config server.properties --set log.dirs=/srv/highwater

A file of Kafka's is taken as it is. Keys that have no effect are named at the start; a key that is
a slip of the pen, a value that cannot be, or a key of security, which is not there yet, ends it.
Without a file it is a node that is alone, with every key at its default: it listens on all
interfaces.

)";

/// One of `dev` and `server`.
struct Command {
    std::string_view name;
    std::string_view help;
    po::options_description options;
};

std::string default_data_directory(const Surroundings& around, std::string_view name) {
    return around.is_root || !around.home ? fmt::format("/var/lib/{}", name)
                                          : fmt::format("{}/.local/share/{}", *around.home, name);
}

Command dev_command(const Surroundings& around) {
    const auto text = [](const std::string& value, const char* name) {
        return po::value<std::string>()->default_value(value)->value_name(name);
    };
    Command command{.name = "dev", .help = kDevHelp, .options = {"Options", kColumns}};
    command.options.add_options()("help,h", "show this")(
        "listen,l", text("127.0.0.1:9092", "HOST:PORT"),
        "what clients connect to; port 0 takes any free one")(
        "controller-listen", text("127.0.0.1:9093", "HOST:PORT"),
        "what the controller listens on; port 0 takes any free one")(
        "data-dir,d", text(default_data_directory(around, "highwater-dev"), "DIR"),
        "where the data is kept")("fresh", "start without the data that is there: wipe it")(
        "set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"),
        "a configuration key; may be given several times");
    return command;
}

Command server_command() {
    Command command{.name = "server", .help = kServerHelp, .options = {"Options", kColumns}};
    command.options.add_options()("help,h", "show this")(
        "config,c", po::value<std::string>()->value_name("FILE"),
        "the configuration, such as Kafka's server.properties")(
        "set", po::value<std::vector<std::string>>()->value_name("KEY=VALUE"),
        "goes before what the file says; may be given several times");
    return command;
}

/// "; see 'highwater dev --help'" ends every sentence about a command's arguments.
template <class... Args>
std::unexpected<Error> complain(const Command& command, fmt::format_string<Args...> text,
                                Args&&... args) {
    return fail(ErrorKind::invalid, "highwater {0}: {1}; see 'highwater {0} --help'", command.name,
                fmt::format(text, std::forward<Args>(args)...));
}

std::unexpected<Error> unknown_argument(const Command& command, const std::string& given) {
    std::vector<std::string> names;
    for (const auto& option : command.options.options()) {
        names.push_back("--" + option->long_name());
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto nearest = config::nearest_name(views, given.substr(0, given.find('=')));
    return complain(command, "'{}' is no option{}", given,
                    nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "");
}

Result<po::variables_map> parse(const Command& command, std::span<const std::string> arguments) {
    constexpr int kStyle =
        po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    const po::parsed_options parsed = po::command_line_parser({arguments.begin(), arguments.end()})
                                          .options(command.options)
                                          .style(kStyle)
                                          .allow_unregistered()
                                          .run();
    for (const auto& option : parsed.options) {
        if (option.unregistered || option.position_key >= 0) {
            return unknown_argument(command, option.original_tokens.front());
        }
    }
    po::variables_map values;
    po::store(parsed, values);
    return values;
}

CommandLine help_of(const Command& command) {
    std::ostringstream options;
    options << command.options;
    return {.text = std::string(command.help) + options.str(), .start = {}};
}

std::vector<std::string> overrides_of(const po::variables_map& values) {
    return values.contains("set") ? values["set"].as<std::vector<std::string>>()
                                  : std::vector<std::string>();
}

Result<void> check_dev(const Command& command, const po::variables_map& values) {
    for (const char* option : {"listen", "controller-listen"}) {
        const auto& text = values[option].as<std::string>();
        if (const auto address = config::parse_address(text); !address) {
            return complain(command, "--{} '{}' {}", option, text, address.error().message);
        }
    }
    const auto& data = values["data-dir"].as<std::string>();
    const bool is_path = std::ranges::all_of(
        data, [](char each) { return each != ',' && static_cast<unsigned char>(each) >= ' '; });
    if (data.empty() || !is_path) {
        return complain(command, "--data-dir '{}' must be one path, without commas or line ends",
                        data);
    }
    return {};
}

/// What a broker for trying things out is, and what its options say.
std::vector<config::Preset> dev_presets(const po::variables_map& values) {
    const auto& clients = values["listen"].as<std::string>();
    const auto& controller = values["controller-listen"].as<std::string>();
    return {{"process.roles", "broker,controller", "dev"},
            {"node.id", "1", "dev"},
            {"listeners", fmt::format("PLAINTEXT://{},CONTROLLER://{}", clients, controller),
             "--listen and --controller-listen"},
            {"controller.listener.names", "CONTROLLER", "dev"},
            {"log.dirs", values["data-dir"].as<std::string>(), "--data-dir"}};
}

Result<CommandLine> read_dev(std::span<const std::string> arguments, const Surroundings& around) {
    const Command command = dev_command(around);
    const auto values = parse(command, arguments);
    if (!values) {
        return std::unexpected(values.error());
    }
    if (values->contains("help")) {
        return help_of(command);
    }
    if (auto checked = check_dev(command, *values); !checked) {
        return std::unexpected(checked.error());
    }
    StartOrder start{.command = "dev",
                     .config_file = {},
                     .presets = dev_presets(*values),
                     .overrides = overrides_of(*values),
                     .default_log_dir = {}};
    start.old_data = values->contains("fresh") ? OldData::wiped : OldData::kept;
    return CommandLine{.text = {}, .start = std::move(start)};
}

Result<CommandLine> read_server(std::span<const std::string> arguments,
                                const Surroundings& around) {
    const Command command = server_command();
    const auto values = parse(command, arguments);
    if (!values) {
        return std::unexpected(values.error());
    }
    if (values->contains("help")) {
        return help_of(command);
    }
    StartOrder start{.command = "server",
                     .config_file = {},
                     .presets = {},
                     .overrides = overrides_of(*values),
                     .default_log_dir = default_data_directory(around, "highwater")};
    if (values->contains("config")) {
        start.config_file = (*values)["config"].as<std::string>();
    }
    return CommandLine{.text = {}, .start = std::move(start)};
}

}  // namespace

Result<CommandLine> read_command_line(std::span<const std::string> arguments,
                                      const Surroundings& around) {
    const std::string command = arguments.empty() ? "--help" : arguments.front();
    const auto rest = arguments.subspan(arguments.empty() ? 0 : 1);
    if (command == "--help" || command == "-h" || command == "help") {
        return CommandLine{.text = std::string(kOverview), .start = {}};
    }
    if (command == "--version") {
        return CommandLine{.text = fmt::format("highwater {}\n", HW_VERSION), .start = {}};
    }
    if (command == "dev") {
        return read_dev(rest, around);
    }
    if (command == "server") {
        return read_server(rest, around);
    }
    constexpr std::array<std::string_view, 4> kNames{"dev", "server", "--help", "--version"};
    const auto nearest = config::nearest_name(kNames, command);
    return fail(ErrorKind::invalid, "highwater: '{}' is no command{}; see 'highwater --help'",
                command, nearest ? fmt::format(" (did you mean 'highwater {}'?)", *nearest) : "");
}

}  // namespace hw::broker
