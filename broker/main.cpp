#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "broker/command_line.h"
#include "broker/dev_cluster.h"
#include "broker/format.h"
#include "broker/messages.h"
#include "broker/run_nodes.h"
#include "broker/runtime/reserved_port.h"
#include "broker/runtime/standard_streams.h"
#include "broker/runtime/system_clock.h"
#include "broker/runtime/system_entropy.h"
#include "broker/storage_opening.h"
#include "config/properties.h"
#include "protocol/base/uuid.h"
#include "storage/posix_disk/posix_disk.h"

namespace hw::broker {
namespace {

/// Prints the warnings and errors of configurations, each once.
void tell_problems(const std::vector<config::LoadedConfig>& loaded) {
    std::vector<std::string> lines;
    const auto add = [&lines](std::string line) {
        if (std::ranges::find(lines, line) == lines.end()) {
            lines.push_back(std::move(line));
        }
    };
    for (const config::LoadedConfig& each : loaded) {
        for (const std::string& warning : each.problems.warnings) {
            add(fmt::format("highwater: warning: {}\n", warning));
        }
        for (const std::string& error : each.problems.errors) {
            add(fmt::format("highwater: {}\n", error));
        }
    }
    if (!lines.empty()) {
        write_within(kMessageLimit, STDERR_FILENO, fmt::format("{}", fmt::join(lines, "")));
    }
}

std::string host_name() {
    constexpr std::size_t kLongest = 256;
    char name[kLongest] = {};
    return gethostname(name, sizeof name - 1) == 0 ? std::string(name) : "localhost";
}

Surroundings surroundings() {
    const char* home = std::getenv("HOME");
    return {.is_root = geteuid() == 0,
            .home = home == nullptr ? std::nullopt : std::optional<std::string>(home)};
}

/// Reads a file up to the size limit of a configuration and a little more, so that a larger file is
/// noticed. Errors: the operating system's reason.
Result<std::string> read_file(const std::string& command, const std::string& path) {
    const auto failed = [&] {
        return std::unexpected(
            system_error(errno, fmt::format("highwater {}: cannot read '{}'", command, path)));
    };
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                               &std::fclose);
    if (file == nullptr) {
        return failed();
    }
    constexpr std::size_t kChunk = 4096;
    char chunk[kChunk];
    std::string text;
    while (text.size() <= config::kMaxPropertiesBytes) {
        const std::size_t size = std::fread(chunk, 1, kChunk, file.get());
        if (size == 0) {
            break;
        }
        text.append(chunk, size);
    }
    if (std::ferror(file.get()) != 0) {
        return failed();
    }
    return text;
}

/// Loads the configurations of one or more nodes, prints their problems, and calls `run` with them
/// if they have no errors. Returns the exit status of the process.
template <class Run>
int run_configured(std::vector<config::BrokerInput> inputs, const Run& run) {
    std::vector<config::LoadedConfig> loaded;
    for (config::BrokerInput& input : inputs) {
        input.host_name = host_name();
        loaded.push_back(config::load_broker_config(input));
    }
    tell_problems(loaded);
    std::vector<config::BrokerConfig> configs;
    for (config::LoadedConfig& each : loaded) {
        if (!each.config) {
            return each.problems.are_all_from_command_line() ? kExitUsage : kExitFailed;
        }
        configs.push_back(std::move(*each.config));
    }
    return run(std::move(configs));
}

/// The same for one node with the file of `command`.
template <class Run>
int run_with_file(const std::string& command, const std::optional<std::string>& file,
                  config::BrokerInput input, const Run& run) {
    if (file) {
        const auto text = read_file(command, *file);
        if (!text) {
            fmt::print(stderr, "{}\n", text.error().message);
            return kExitFailed;
        }
        input.file_name = *file;
        input.file_text = *text;
    }
    return run_configured({std::move(input)}, run);
}

/// The data directories of a node, for its greeting.
std::string data_of(const config::BrokerConfig& config) {
    return fmt::format("{}", fmt::join(config.storage.log_dirs, ", "));
}

int server(const ServerCommand& order) {
    config::BrokerInput input;
    input.overrides = order.overrides;
    input.default_log_dir = order.default_log_dir;
    return run_with_file(
        "server", order.config_file, std::move(input),
        [](std::vector<config::BrokerConfig> configs) {
            const std::string data = data_of(configs[0]);
            return run_nodes({.configs = std::move(configs), .data = data, .prepare = {}});
        });
}

/// Wipes the data of a cluster if that is asked for, and formats that of a new one.
Result<void> prepare_dev_data(const DevOptions& options,
                              const std::vector<config::BrokerConfig>& configs,
                              const PreparePorts& ports) {
    if (options.old_data == ExistingData::wiped) {
        // --set may name other directories for one node.
        const auto directories =
            configs.size() == 1 ? configs[0].storage.directories() : std::vector{options.data_dir};
        for (const std::string& directory : directories) {
            HW_TRY_VOID(wipe_dev_data(ports.disk, directory));
        }
    }
    return format_dev_nodes(ports.disk, ports.entropy, ports.now, configs, ports.log);
}

/// Gives the controllers of several nodes free ports if they may take any, because each of them
/// must know those of the others. The ports stay reserved as long as the result exists.
Result<std::vector<ReservedPort>> reserve_controller_ports(DevCluster& cluster) {
    std::vector<ReservedPort> ports;
    for (DevNode& node : cluster.nodes) {
        if (cluster.nodes.size() > 1 && node.controller_listen.port == 0) {
            HW_TRY(port, ReservedPort::take());
            node.controller_listen.port = port.port();
            ports.push_back(std::move(port));
        }
    }
    return ports;
}

int dev(const DevOptions& options) {
    storage::PosixDisk disk;
    auto cluster = plan_dev_cluster(disk, options);
    if (!cluster) {
        fmt::print(stderr, "highwater dev: {}\n", with_advice(cluster.error()).message);
        return cluster.error().kind == ErrorKind::invalid ? kExitUsage : kExitFailed;
    }
    const auto ports = reserve_controller_ports(*cluster);
    if (!ports) {
        complain(ports.error().message);
        return kExitFailed;
    }
    std::vector<config::BrokerInput> inputs;
    for (std::size_t index = 0; index < cluster->nodes.size(); ++index) {
        config::BrokerInput input;
        input.presets = dev_presets(*cluster, index);
        input.overrides = options.overrides;
        inputs.push_back(std::move(input));
    }
    return run_configured(std::move(inputs), [&](std::vector<config::BrokerConfig> configs) {
        return run_nodes({.configs = configs,
                          .data = configs.size() == 1 ? data_of(configs[0]) : options.data_dir,
                          .remark = cluster->remark,
                          .prepare = [&](const PreparePorts& preparing) {
                              return prepare_dev_data(options, configs, preparing);
                          }});
    });
}

int format(const FormatCommand& order) {
    config::BrokerInput input;
    input.overrides = order.overrides;
    input.default_log_dir = order.default_log_dir;
    return run_with_file(
        "format", order.config_file, std::move(input),
        [&order](const std::vector<config::BrokerConfig>& configs) {
            storage::PosixDisk disk;
            SystemEntropy entropy;
            const FormatRequest request{.cluster_id = order.cluster_id,
                                        .formatted = order.formatted,
                                        .now = SystemClock().wall_now(),
                                        .tell = [](const std::string& line) { say(line + "\n"); }};
            const auto formatted = format_directories(disk, entropy, configs[0], request);
            if (!formatted) {
                complain(with_advice(formatted.error()).message);
            }
            return formatted ? kExitOk : kExitFailed;
        });
}

int run(const std::vector<std::string>& arguments) {
    const auto wanted = read_command_line(arguments, surroundings());
    if (!wanted) {
        fmt::print(stderr, "{}\n", wanted.error().message);
        return kExitUsage;
    }
    if (wanted->dev) {
        return dev(*wanted->dev);
    }
    if (wanted->server) {
        return server(*wanted->server);
    }
    if (wanted->format) {
        return format(*wanted->format);
    }
    SystemEntropy entropy;
    fmt::print("{}", wanted->wants_uuid ? fmt::format("{}\n", random_uuid(entropy)) : wanted->text);
    if (std::fflush(stdout) != 0) {
        fmt::print(stderr, "{}\n",
                   system_error(errno, "highwater: write to standard output").message);
        return kExitFailed;
    }
    return kExitOk;
}

}  // namespace
}  // namespace hw::broker

int main(int count, char** values) {
    hw::broker::open_standard_streams(hw::broker::ClosedOutput::dropped);
    try {
        return hw::broker::run({values + 1, values + count});
    } catch (const std::system_error& failure) {
        // fmt::print could not write to standard output or standard error.
        std::fputs(fmt::format("highwater: {}\n", failure.what()).c_str(), stderr);
        return hw::broker::kExitFailed;
    }
}
