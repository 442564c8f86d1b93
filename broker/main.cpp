#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "broker/command_line.h"
#include "broker/format.h"
#include "broker/node.h"
#include "broker/runtime/asio_network.h"
#include "broker/runtime/process.h"
#include "broker/runtime/standard_streams.h"
#include "broker/runtime/stderr_log.h"
#include "broker/runtime/system_clock.h"
#include "broker/runtime/system_entropy.h"
#include "broker/storage_opening.h"
#include "config/properties.h"
#include "protocol/base/uuid.h"
#include "storage/data_directory.h"
#include "storage/posix_disk/posix_disk.h"
#include "storage/producer_limit.h"

namespace hw::broker {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

/// How long a stop may take in all; a hung data directory is given up long before.
constexpr std::chrono::seconds kStopLimit{90};
/// How long a start may still take after a stop signal.
constexpr Duration kStartLimitAfterSignal = HangWatch::kLimit;
/// How long a final line waits for a reader.
constexpr std::chrono::seconds kSayLimit{1};

/// The ports of one process, for its node.
struct Process {
    Process(LogLevel level, std::size_t data_loops) : log(clock, level), loops(data_loops) {}

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

void say(std::string text) {
    write_within(kSayLimit, STDOUT_FILENO, std::move(text));
}

void complain(const std::string& text) {
    write_within(kSayLimit, STDERR_FILENO, fmt::format("highwater: {}\n", text));
}

/// Ends the process while threads of it hang. Destroys nothing, because they may still use it.
[[noreturn]] void end_at_once(const Process& process, const std::string& reason) {
    static_cast<void>(process.log.wait_until_written(StderrLog::kEndLimit));
    complain(reason);
    ::_exit(kExitFailed);
}

void print_banner(const Node& node, const config::BrokerConfig& config) {
    std::string address;
    for (const ListenerInfo& info : node.listeners()) {
        if (info.role == ListenerRole::broker && address.empty()) {
            address = to_string(info.advertised);
        }
    }
    say(
        fmt::format("highwater {} is ready: node {} of cluster {}.\n"
                    "  Kafka clients connect to  {}\n"
                    "  Its data is in            {}\n"
                    "  Try in another terminal   kcat -b {} -L\n"
                    "  Stop it with              Ctrl-C\n",
                    HW_VERSION, config.node.id, node.cluster_id(), address,
                    fmt::join(config.storage.log_dirs, ", "), address));
}

/// Errors: limit, with too few open files to serve anything.
Result<NodeLimits> limits_of(const config::BrokerConfig& config, const GroupLimits& groups) {
    constexpr std::size_t kShareOfMemory = 4;
    // A log has at most two open files: its newest segment, and an old one that is being read. A
    // tenth of the limit is left for files that are open briefly, such as checkpoints. Without
    // that tenth, reaching the limit would look like a failed disk.
    constexpr std::size_t kFilesPerLog = 2;
    constexpr std::size_t kMinFiles = 128;
    const std::size_t files = raise_open_file_limit();
    if (files < kMinFiles) {
        return fail(ErrorKind::limit,
                    "the limit of open files is {}, but a node needs at least {}: raise it (ulimit "
                    "-n, in a systemd unit LimitNOFILE=)",
                    files, kMinFiles);
    }
    const std::size_t lasting = files - files / 10;
    NodeLimits limits;
    limits.connections_max = lasting / 2;
    limits.logs_max = lasting / 2 / kFilesPerLog;
    const std::size_t memory = config.memory_limit ? static_cast<std::size_t>(*config.memory_limit)
                                                   : usable_memory(groups) / kShareOfMemory;
    // An eighth is for producer entries, the rest is the request memory (broker/net/README.md).
    constexpr std::size_t kShareOfProducers = 8;
    limits.producers_max = memory / kShareOfProducers / storage::kProducerMemory;
    limits.memory = memory - memory / kShareOfProducers;
    return limits;
}

/// Wipes all data directories of a node. Errors: as wipe_data_directory.
Result<void> wipe(storage::Disk& disk, const config::StorageConfig& storage) {
    for (const std::string& directory : storage.directories()) {
        HW_TRY_VOID(storage::wipe_data_directory(disk, directory));
    }
    return {};
}

/// Starts the node. A stop signal that arrives meanwhile ends a start that waits for other nodes;
/// otherwise it is kept for later, unless the start hangs.
Result<void> start_node(Process& process, Node& node) {
    constexpr std::chrono::milliseconds kLook{50};
    auto started = process.loops.start_on_control(node.start());
    while (started.wait_for(kLook) != std::future_status::ready) {
        if (!wait_for_stop_signal(std::chrono::milliseconds(0))) {
            continue;
        }
        process.loops.control().post([&node] { node.cancel_start(); });
        if (started.wait_for(kStartLimitAfterSignal) != std::future_status::ready) {
            end_at_once(process,
                        "got a stop signal, but the start does not end: does a disk hang?");
        }
        kill(getpid(), SIGTERM);
    }
    return started.get();
}

void stop_node(Process& process, Node& node) {
    auto stopped = process.loops.start_on_control(node.stop());
    if (stopped.wait_for(kStopLimit) != std::future_status::ready) {
        end_at_once(process, fmt::format("the stop has not ended within {} s: does a disk hang? "
                                         "The next start checks the data",
                                         kStopLimit.count()));
    }
    if (!node.hung_directories().empty()) {
        end_at_once(process,
                    fmt::format("not stopped cleanly: the disk of {} hangs; the next start "
                                "checks the data in it",
                                fmt::join(node.hung_directories(), ", ")));
    }
}

int run_until_stopped(const config::BrokerConfig& config, ExistingData old_data) {
    block_stop_signals();
    ignore_broken_pipes();
    const GroupLimits groups = control_group_limits(read_text);
    const auto limits = limits_of(config, groups);
    if (!limits) {
        complain(limits.error().message);
        return kExitFailed;
    }
    Process process(LogLevel::info, default_data_loops(groups));
    process.log.install_crash_handler();
    if (old_data == ExistingData::wiped) {
        if (const auto wiped = wipe(process.ports().disk, config.storage); !wiped) {
            fmt::print(stderr, "highwater: {}\n", wiped.error().message);
            return kExitFailed;
        }
    }
    Node node(config, *limits, process.ports());
    node.on_end([](const Error&) { kill(getpid(), SIGTERM); });
    const auto started = start_node(process, node);
    if (started) {
        print_banner(node, config);
        wait_for_stop_signal();
        say("highwater is stopping.\n");
    } else if (!node.start_cancelled()) {
        complain(started.error().message);
    }
    stop_node(process, node);
    if (!started && !node.start_cancelled()) {
        return kExitFailed;
    }
    if (node.ended()) {
        complain(node.ended()->message);
        return kExitFailed;
    }
    say("highwater has stopped.\n");
    return kExitOk;
}

/// Prints the warnings and errors of a configuration, and returns it if it has no error.
std::optional<config::BrokerConfig> tell_problems(config::LoadedConfig loaded) {
    std::string problems;
    for (const std::string& warning : loaded.problems.warnings) {
        problems += fmt::format("highwater: warning: {}\n", warning);
    }
    for (const std::string& error : loaded.problems.errors) {
        problems += fmt::format("highwater: {}\n", error);
    }
    if (!problems.empty()) {
        write_within(kSayLimit, STDERR_FILENO, std::move(problems));
    }
    return std::move(loaded.config);
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

/// Adds the file of `command` to `input`, loads the configuration and calls `run` with it. Returns
/// the exit status of the process.
template <class Run>
int run_configured(const std::string& command, const std::optional<std::string>& file,
                   config::BrokerInput input, const Run& run) {
    input.host_name = host_name();
    if (file) {
        const auto text = read_file(command, *file);
        if (!text) {
            fmt::print(stderr, "{}\n", text.error().message);
            return kExitFailed;
        }
        input.file_name = *file;
        input.file_text = *text;
    }
    config::LoadedConfig loaded = config::load_broker_config(input);
    const bool is_usage = loaded.problems.are_all_from_command_line();
    const auto config = tell_problems(std::move(loaded));
    if (!config) {
        return is_usage ? kExitUsage : kExitFailed;
    }
    return run(*config);
}

int start(const StartCommand& order) {
    config::BrokerInput input;
    input.presets = order.presets;
    input.overrides = order.overrides;
    input.default_log_dir = order.default_log_dir;
    return run_configured(order.command, order.config_file, std::move(input),
                          [&order](const config::BrokerConfig& config) {
                              return run_until_stopped(config, order.old_data);
                          });
}

int format(const FormatCommand& order) {
    config::BrokerInput input;
    input.overrides = order.overrides;
    input.default_log_dir = order.default_log_dir;
    return run_configured(
        "format", order.config_file, std::move(input),
        [&order](const config::BrokerConfig& config) {
            storage::PosixDisk disk;
            SystemEntropy entropy;
            const FormatRequest request{.cluster_id = order.cluster_id,
                                        .formatted = order.formatted,
                                        .now = SystemClock().wall_now(),
                                        .tell = [](const std::string& line) { say(line + "\n"); }};
            const auto formatted = format_directories(disk, entropy, config, request);
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
    if (wanted->start) {
        return start(*wanted->start);
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
