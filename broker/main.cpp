#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "broker/node.h"
#include "broker/runtime/asio_network.h"
#include "broker/runtime/process.h"
#include "broker/runtime/standard_streams.h"
#include "broker/runtime/stderr_log.h"
#include "broker/runtime/system_clock.h"
#include "broker/runtime/system_entropy.h"
#include "storage/data_directory.h"
#include "storage/posix_disk/posix_disk.h"

namespace hw::broker {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

constexpr std::string_view kHelp =
    R"(highwater: a partitioned, replicated log broker that speaks the Kafka protocol

Usage:
  highwater dev [OPTIONS]       one broker for trying things out, on this machine only
  highwater server [OPTIONS]    a broker that is configured by a file, as in production
  highwater --version           the version
  highwater COMMAND --help      the options of a command

Try:
  highwater dev &
  kcat -b 127.0.0.1:9092 -L
)";

/// What one process gives to its node.
struct Process {
    explicit Process(LogLevel least) : log(clock, least), loops(default_data_loops()) {}

    NodePorts ports() {
        return {.clock = clock,
                .entropy = entropy,
                .network = network,
                .disk = disk,
                .log = log,
                .control = loops.control(),
                .data = loops.data()};
    }

    SystemClock clock;
    SystemEntropy entropy;
    AsioNetwork network;
    storage::PosixDisk disk;
    StderrLog log;
    LoopThreads loops;
};

void print_banner(const Node& node, const config::BrokerConfig& config) {
    std::string address;
    for (const ListenerInfo& info : node.listeners()) {
        if (info.role == ListenerRole::broker && address.empty()) {
            address = to_string(info.advertised);
        }
    }
    fmt::print(
        "highwater {} is ready: node {} of cluster {}.\n"
        "  Kafka clients connect to  {}\n"
        "  Its data is in            {}\n"
        "  Try in another terminal   kcat -b {} -L\n"
        "  Stop it with              Ctrl-C\n",
        HW_VERSION, config.node.id, node.cluster_id(), address,
        fmt::join(config.storage.log_dirs, ", "), address);
    std::fflush(stdout);
}

NodeLimits limits_of(const config::BrokerConfig& config) {
    constexpr std::size_t kShareKept = 10;
    constexpr std::size_t kShareOfMemory = 4;
    const std::size_t files = raise_open_file_limit();
    NodeLimits limits;
    limits.connections_max = files - files / kShareKept;
    limits.memory = config.memory_limit ? static_cast<std::size_t>(*config.memory_limit)
                                        : usable_memory() / kShareOfMemory;
    return limits;
}

enum class OldData : bool { kept, wiped };

/// Wipes all data directories of a node. Errors: as wipe_data_directory.
Result<void> wipe(storage::Disk& disk, const config::StorageConfig& storage) {
    for (const std::string& directory : storage.directories()) {
        if (auto wiped = storage::wipe_data_directory(disk, directory); !wiped) {
            return wiped;
        }
    }
    return {};
}

int run_until_stopped(const config::BrokerConfig& config, OldData old_data) {
    block_stop_signals();
    ignore_broken_pipes();
    const NodeLimits limits = limits_of(config);
    Process process(LogLevel::info);
    if (old_data == OldData::wiped) {
        if (const auto wiped = wipe(process.ports().disk, config.storage); !wiped) {
            fmt::print(stderr, "highwater: {}\n", wiped.error().message);
            return kExitFailed;
        }
    }
    Node node(config, limits, process.ports());
    node.on_end([](const Error&) { kill(getpid(), SIGTERM); });
    const auto started = process.loops.run_on_control(node.start());
    if (started) {
        print_banner(node, config);
        wait_for_stop_signal();
        fmt::print("highwater is stopping.\n");
        std::fflush(stdout);
    } else {
        fmt::print(stderr, "highwater: {}\n", started.error().message);
    }
    process.loops.run_on_control(node.stop());
    if (!started) {
        return kExitFailed;
    }
    if (node.ended()) {
        fmt::print(stderr, "highwater: {}\n", node.ended()->message);
        return kExitFailed;
    }
    fmt::print("highwater has stopped.\n");
    return kExitOk;
}

int run_configured(const config::BrokerInput& input, OldData old_data) {
    const config::LoadedConfig loaded = config::load_broker_config(input);
    for (const std::string& warning : loaded.problems.warnings) {
        fmt::print(stderr, "highwater: warning: {}\n", warning);
    }
    for (const std::string& error : loaded.problems.errors) {
        fmt::print(stderr, "highwater: {}\n", error);
    }
    return loaded.config ? run_until_stopped(*loaded.config, old_data) : kExitFailed;
}

std::string host_name() {
    constexpr std::size_t kLongest = 256;
    char name[kLongest] = {};
    return gethostname(name, sizeof name - 1) == 0 ? std::string(name) : "localhost";
}

/// Where data goes when nobody says: the system's place for root, else one of the user's own.
std::string default_data_directory(const std::string& name) {
    const char* home = std::getenv("HOME");
    if (geteuid() == 0 || home == nullptr) {
        return "/var/lib/" + name;
    }
    return std::string(home) + "/.local/share/" + name;
}

po::variables_map parse(const std::vector<std::string>& arguments,
                        const po::options_description& description) {
    po::variables_map values;
    po::store(po::command_line_parser(arguments)
                  .options(description)
                  .positional(po::positional_options_description())
                  .run(),
              values);
    return values;
}

std::vector<std::string> overrides_of(const po::variables_map& values) {
    return values.count("set") == 0 ? std::vector<std::string>()
                                    : values["set"].as<std::vector<std::string>>();
}

int dev(const std::vector<std::string>& arguments) {
    po::options_description description("Options of highwater dev");
    description.add_options()("help,h", "show this")(
        "listen,l", po::value<std::string>()->default_value("127.0.0.1:9092"),
        "HOST:PORT that clients connect to; port 0 takes any free one")(
        "controller-listen", po::value<std::string>()->default_value("127.0.0.1:9093"),
        "HOST:PORT of the controller; port 0 takes any free one")(
        "data-dir,d",
        po::value<std::string>()->default_value(default_data_directory("highwater-dev")),
        "where the data is kept")("fresh", "start without the data that is there: wipe it")(
        "set", po::value<std::vector<std::string>>(),
        "KEY=VALUE of a configuration key; may be given several times");
    const po::variables_map values = parse(arguments, description);
    if (values.count("help") != 0) {
        std::cout << description;
        return kExitOk;
    }
    for (const char* option : {"listen", "controller-listen"}) {
        const auto text = values[option].as<std::string>();
        if (const auto address = config::parse_address(text); !address) {
            fmt::print(stderr, "highwater dev: --{} {} {}\n", option, text,
                       address.error().message);
            return kExitUsage;
        }
    }
    const auto data = values["data-dir"].as<std::string>();
    config::BrokerInput input;
    input.file_name = "highwater dev";
    input.file_text = fmt::format(
        "process.roles=broker,controller\n"
        "node.id=1\n"
        "listeners=PLAINTEXT://{},CONTROLLER://{}\n"
        "controller.listener.names=CONTROLLER\n"
        "log.dirs={}\n",
        values["listen"].as<std::string>(), values["controller-listen"].as<std::string>(), data);
    input.overrides = overrides_of(values);
    input.host_name = host_name();
    return run_configured(input, values.count("fresh") != 0 ? OldData::wiped : OldData::kept);
}

int server(const std::vector<std::string>& arguments) {
    po::options_description description("Options of highwater server");
    description.add_options()("help,h", "show this")(
        "config,c", po::value<std::string>(),
        "file with the configuration, such as Kafka's server.properties")(
        "set", po::value<std::vector<std::string>>(),
        "KEY=VALUE that goes before the file; may be given several times");
    const po::variables_map values = parse(arguments, description);
    if (values.count("help") != 0) {
        std::cout << description;
        return kExitOk;
    }
    config::BrokerInput input;
    input.overrides = overrides_of(values);
    input.default_log_dir = default_data_directory("highwater");
    input.host_name = host_name();
    if (values.count("config") != 0) {
        input.file_name = values["config"].as<std::string>();
        std::ifstream file(input.file_name);
        std::ostringstream text;
        text << file.rdbuf();
        if (!file || fs::is_directory(input.file_name)) {
            fmt::print(stderr,
                       "highwater server: cannot read {}: is it a file that this user may read?\n",
                       input.file_name);
            return kExitFailed;
        }
        input.file_text = text.str();
    }
    return run_configured(input, OldData::kept);
}

int run(const std::vector<std::string>& arguments) {
    const std::string command = arguments.empty() ? "--help" : arguments.front();
    const std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1),
                                        arguments.end());
    if (command == "--help" || command == "-h" || command == "help") {
        fmt::print("{}", kHelp);
        return kExitOk;
    }
    if (command == "--version") {
        fmt::print("highwater {}\n", HW_VERSION);
        return kExitOk;
    }
    if (command == "dev") {
        return dev(rest);
    }
    if (command == "server") {
        return server(rest);
    }
    fmt::print(stderr, "highwater: '{}' is not a command; see highwater --help\n", command);
    return kExitUsage;
}

}  // namespace
}  // namespace hw::broker

int main(int count, char** values) {
    hw::broker::open_standard_streams();
    try {
        return hw::broker::run({values + 1, values + count});
    } catch (const boost::program_options::error& wrong) {
        std::fputs(fmt::format("highwater: {}; see highwater --help\n", wrong.what()).c_str(),
                   stderr);
        return hw::broker::kExitUsage;
    } catch (const std::system_error& failure) {
        // Of fmt::print: standard output or standard error is full.
        std::fputs(fmt::format("highwater: {}\n", failure.what()).c_str(), stderr);
        return hw::broker::kExitFailed;
    }
}
