#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "broker/node.h"
#include "broker/runtime/asio_network.h"
#include "broker/runtime/process.h"
#include "broker/runtime/stderr_log.h"
#include "broker/runtime/system_clock.h"
#include "broker/runtime/system_entropy.h"

namespace hw::broker {
namespace {

namespace po = boost::program_options;

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

constexpr std::string_view kHelp =
    R"(highwater: a partitioned, replicated log broker that speaks the Kafka protocol

Usage:
  highwater dev [OPTIONS]    one broker for trying things out, on this machine only
  highwater --version        the version
  highwater COMMAND --help   the options of a command

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
                .log = log,
                .control = loops.control(),
                .data = loops.data()};
    }

    SystemClock clock;
    SystemEntropy entropy;
    AsioNetwork network;
    StderrLog log;
    LoopThreads loops;
};

Result<Endpoint> parse_endpoint(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    unsigned long port = 65536;
    if (colon != std::string::npos && colon + 1 < text.size() &&
        text.find_first_not_of("0123456789", colon + 1) == std::string::npos &&
        text.size() - colon <= 6) {
        port = std::stoul(text.substr(colon + 1));
    }
    if (port > 65535) {
        return fail(ErrorKind::invalid,
                    "'{}' is not HOST:PORT with a port of 0 to 65535, for example 127.0.0.1:9092",
                    text);
    }
    return Endpoint{text.substr(0, colon), static_cast<std::uint16_t>(port)};
}

void print_banner(const Node& node) {
    const std::string address = to_string(node.listeners().front().advertised);
    fmt::print(
        "highwater {} is ready.\n"
        "  Kafka clients connect to  {}\n"
        "  Try in another terminal   kcat -b {} -L\n"
        "  Stop it with              Ctrl-C\n",
        HW_VERSION, address, address);
    std::fflush(stdout);
}

int run_until_stopped(NodeOptions options) {
    block_stop_signals();
    const std::size_t files = raise_open_file_limit();
    constexpr std::size_t kShareKept = 10;
    constexpr std::size_t kShareOfMemory = 4;
    options.connections_max = files - files / kShareKept;
    options.memory_limit = usable_memory() / kShareOfMemory;
    Process process(LogLevel::info);
    Node node(std::move(options), process.ports());
    const auto started = process.loops.run_on_control(node.start());
    if (started) {
        print_banner(node);
        wait_for_stop_signal();
    } else {
        fmt::print(stderr, "highwater: {}\n", started.error().message);
    }
    process.loops.run_on_control(node.stop());
    return started ? kExitOk : kExitFailed;
}

int dev(const std::vector<std::string>& arguments) {
    po::options_description description("Options of highwater dev");
    description.add_options()("help,h", "show this")(
        "listen,l", po::value<std::string>()->default_value("127.0.0.1:9092"),
        "HOST:PORT that clients connect to; port 0 takes any free one");
    po::variables_map values;
    po::store(po::command_line_parser(arguments)
                  .options(description)
                  .positional(po::positional_options_description())
                  .run(),
              values);
    if (values.count("help") != 0) {
        std::cout << description;
        return kExitOk;
    }
    const auto listen = parse_endpoint(values["listen"].as<std::string>());
    if (!listen) {
        fmt::print(stderr, "highwater dev: --listen: {}\n", listen.error().message);
        return kExitUsage;
    }
    SystemEntropy entropy;
    NodeOptions options;
    options.cluster_id = to_string(random_uuid(entropy));
    options.listeners.push_back({"PLAINTEXT", ListenerRole::broker, *listen});
    return run_until_stopped(std::move(options));
}

int run(const std::vector<std::string>& arguments) {
    const std::string command = arguments.empty() ? "--help" : arguments.front();
    if (command == "--help" || command == "-h" || command == "help") {
        fmt::print("{}", kHelp);
        return kExitOk;
    }
    if (command == "--version") {
        fmt::print("highwater {}\n", HW_VERSION);
        return kExitOk;
    }
    if (command == "dev") {
        return dev({arguments.begin() + 1, arguments.end()});
    }
    fmt::print(stderr, "highwater: '{}' is not a command; see highwater --help\n", command);
    return kExitUsage;
}

}  // namespace
}  // namespace hw::broker

int main(int count, char** values) {
    try {
        return hw::broker::run({values + 1, values + count});
    } catch (const boost::program_options::error& wrong) {
        fmt::print(stderr, "highwater: {}; see highwater --help\n", wrong.what());
        return hw::broker::kExitUsage;
    }
}
