#include "broker/run_nodes.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "broker/messages.h"
#include "broker/node.h"
#include "broker/runtime/asio_network.h"
#include "broker/runtime/process.h"
#include "broker/runtime/stderr_log.h"
#include "broker/runtime/system_clock.h"
#include "broker/runtime/system_entropy.h"
#include "broker/storage_opening.h"
#include "storage/posix_disk/posix_disk.h"

namespace hw::broker {
namespace {

/// How long a stop may take in all; a hung data directory is given up long before.
constexpr Duration kStopLimit = std::chrono::seconds(90);
/// How long a start may still take after a stop signal, or after another node has failed.
constexpr Duration kStartLimitAfterCancel = HangWatch::kLimit;

/// The ports that all nodes of the process share.
struct Process {
    SystemClock clock;
    SystemEntropy entropy;
    AsioNetwork network;
    storage::PosixDisk disk;
    StderrLog log{clock, LogLevel::info};
};

/// Ends the process while threads of it hang. Destroys nothing, because they may still use it.
[[noreturn]] void end_at_once(const Process& process, const std::string& reason) {
    static_cast<void>(process.log.wait_until_written(StderrLog::kEndLimit));
    complain(reason);
    ::_exit(kExitFailed);
}

/// The log of one of several nodes: its lines begin with the node's name.
class NodeLog final : public LogSink {
public:
    NodeLog(LogSink& log, std::string name) : log_(log), name_(std::move(name)) {}

    void write(LogLevel level, std::string_view component, std::string_view line) override {
        log_.write(level, fmt::format("{}: {}", name_, component), line);
    }
    [[nodiscard]] bool enabled(LogLevel level) const override { return log_.enabled(level); }

private:
    LogSink& log_;
    const std::string name_;
};

std::string name_of(const config::BrokerConfig& config) {
    return fmt::format("node {}", config.node.id);
}

/// One of the nodes of this process, with its loops.
struct LocalNode {
    /// `log` must outlive it.
    LocalNode(Process& process, LogSink& log, const config::BrokerConfig& config,
              const NodeLimits& limits, std::size_t data_loops)
        : name(name_of(config)),
          loops(data_loops),
          node(config, limits,
               {.clock = process.clock,
                .entropy = process.entropy,
                .network = process.network,
                .disk = process.disk,
                .log = log,
                .control = loops.control(),
                .data = loops.data(),
                .worker = &loops.worker()}) {}

    /// Whether the start has failed by itself.
    [[nodiscard]] bool has_failed() const {
        return started && !*started && !node.start_cancelled();
    }
    [[nodiscard]] std::string address() const;

    const std::string name;
    LoopThreads loops;
    Node node;
    Pending<Result<void>> starting;
    std::optional<Result<void>> started;  ///< its result, once the start has ended
};

/// The address that clients connect to.
std::string LocalNode::address() const {
    const std::vector<ListenerInfo> all = node.listeners();
    const auto found = std::ranges::find(all, ListenerRole::broker, &ListenerInfo::role);
    return found == all.end() ? "" : to_string(found->advertised);
}

enum class StartEnd : std::uint8_t { ready, cancelled, failed };

/// The nodes of this process. Used by its main thread.
class LocalNodes {
public:
    LocalNodes(Process& process, const std::vector<config::BrokerConfig>& configs,
               const std::vector<NodeLimits>& limits, std::size_t data_loops);

    /// Starts all nodes at once, because each waits for the others. A stop signal that arrives
    /// meanwhile ends starts that wait for other nodes; otherwise it is kept for later, unless a
    /// start hangs. If a node fails, its error is printed, and the other starts end.
    [[nodiscard]] StartEnd start();
    /// Stops all nodes; call it after a failed start, too.
    void stop();
    /// Prints why nodes ended by themselves; false if none did. Call it after `stop`.
    bool tell_ended() const;
    [[nodiscard]] std::string greeting(const NodesToRun& wanted) const;

private:
    /// Takes the results of the starts that have ended, and waits up to `limit` for one that has
    /// not. Returns whether any has not.
    bool look_at_starts(std::chrono::milliseconds limit);
    void cancel_starts();
    void complain_of(const LocalNode& local, const Error& error) const;
    /// Runs a part of the stop on all nodes at once.
    void run_on_all(Task<> (Node::*part)(), TimePoint deadline);

    Process& process_;
    std::vector<std::unique_ptr<NodeLog>> logs_;  ///< empty if there is one node
    std::vector<std::unique_ptr<LocalNode>> nodes_;
};

LocalNodes::LocalNodes(Process& process, const std::vector<config::BrokerConfig>& configs,
                       const std::vector<NodeLimits>& limits, std::size_t data_loops)
    : process_(process) {
    for (std::size_t index = 0; index < configs.size(); ++index) {
        LogSink* log = &process.log;
        if (configs.size() > 1) {
            logs_.push_back(std::make_unique<NodeLog>(process.log, name_of(configs[index])));
            log = logs_.back().get();
        }
        nodes_.push_back(
            std::make_unique<LocalNode>(process, *log, configs[index], limits[index], data_loops));
        nodes_.back()->node.on_end([](const Error&) { kill(getpid(), SIGTERM); });
    }
}

StartEnd LocalNodes::start() {
    constexpr std::chrono::milliseconds kLook{50};
    for (const auto& local : nodes_) {
        local->starting = local->loops.start_on_control(local->node.start());
    }
    TimePoint deadline = kNever;
    bool is_signalled = false;
    const auto has_failed = [](const auto& local) { return local->has_failed(); };
    while (look_at_starts(kLook)) {
        is_signalled = is_signalled || wait_for_stop_signal(std::chrono::milliseconds(0));
        const bool must_end = is_signalled || std::ranges::any_of(nodes_, has_failed);
        if (must_end && deadline == kNever) {
            cancel_starts();
            deadline = process_.clock.now() + kStartLimitAfterCancel;
        }
        if (process_.clock.now() >= deadline) {
            end_at_once(process_,
                        fmt::format("{}, but the start does not end: does a disk hang?",
                                    is_signalled ? "got a stop signal" : "a node has failed"));
        }
    }
    if (is_signalled) {
        kill(getpid(), SIGTERM);
    }
    if (std::ranges::any_of(nodes_, has_failed)) {
        return StartEnd::failed;
    }
    const auto is_ready = [](const auto& local) { return local->started->has_value(); };
    return std::ranges::all_of(nodes_, is_ready) ? StartEnd::ready : StartEnd::cancelled;
}

bool LocalNodes::look_at_starts(std::chrono::milliseconds limit) {
    bool is_any_left = false;
    for (const auto& local : nodes_) {
        if (local->started) {
            continue;
        }
        const auto wait = is_any_left ? std::chrono::milliseconds(0) : limit;
        if (local->starting.wait_for(wait) != std::future_status::ready) {
            is_any_left = true;
            continue;
        }
        local->started = local->starting.get();
        if (local->has_failed()) {
            complain_of(*local, local->started->error());
        }
    }
    return is_any_left;
}

void LocalNodes::cancel_starts() {
    for (const auto& local : nodes_) {
        local->loops.control().post([&node = local->node] { node.cancel_start(); });
    }
}

void LocalNodes::complain_of(const LocalNode& local, const Error& error) const {
    complain(nodes_.size() == 1 ? error.message : fmt::format("{}: {}", local.name, error.message));
}

void LocalNodes::run_on_all(Task<> (Node::*part)(), TimePoint deadline) {
    std::vector<Pending<void>> parts;
    for (const auto& local : nodes_) {
        parts.push_back(local->loops.start_on_control((local->node.*part)()));
    }
    for (const auto& each : parts) {
        if (each.wait_for(deadline - process_.clock.now()) != std::future_status::ready) {
            end_at_once(process_,
                        fmt::format("the stop has not ended within {} s: does a disk hang? The "
                                    "next start checks the data",
                                    kStopLimit.count()));
        }
    }
}

void LocalNodes::stop() {
    const TimePoint deadline = process_.clock.now() + kStopLimit;
    if (nodes_.size() > 1) {
        run_on_all(&Node::leave, deadline);
    }
    run_on_all(&Node::stop, deadline);
    std::vector<std::string> hung;
    for (const auto& local : nodes_) {
        const auto& its = local->node.hung_directories();
        hung.insert(hung.end(), its.begin(), its.end());
    }
    if (!hung.empty()) {
        end_at_once(process_, fmt::format("not stopped cleanly: the disk of {} hangs; the next "
                                          "start checks the data in it",
                                          fmt::join(hung, ", ")));
    }
}

bool LocalNodes::tell_ended() const {
    bool is_any = false;
    for (const auto& local : nodes_) {
        if (local->node.ended()) {
            complain_of(*local, *local->node.ended());
            is_any = true;
        }
    }
    return is_any;
}

std::string LocalNodes::greeting(const NodesToRun& wanted) const {
    std::vector<std::string> addresses;
    for (const auto& local : nodes_) {
        addresses.push_back(local->address());
    }
    const std::string nodes =
        nodes_.size() == 1 ? nodes_.front()->name : fmt::format("{} nodes", nodes_.size());
    std::string text = fmt::format("highwater {} is ready: {} of cluster {}.\n", HW_VERSION, nodes,
                                   nodes_.front()->node.cluster_id());
    const bool has_broker = !addresses.front().empty();
    if (has_broker) {
        text += fmt::format("  Kafka clients connect to  {}\n", fmt::join(addresses, ","));
    }
    text += fmt::format("  Its data is in            {}\n", wanted.data);
    if (has_broker) {
        text += fmt::format("  Try in another terminal   kcat -b {} -L\n", addresses.front());
    }
    if (nodes_.size() > 1) {
        text +=
            fmt::format("                            hw partition list -b {}\n", addresses.front());
    }
    if (!wanted.remark.empty()) {
        text += fmt::format("  Note                      {}\n", wanted.remark);
    }
    return text + "  Stop it with              Ctrl-C\n";
}

/// Runs the nodes until a stop signal, or until one of them fails.
int run_until_stopped(LocalNodes& nodes, const NodesToRun& wanted) {
    const StartEnd end = nodes.start();
    if (end == StartEnd::ready) {
        say(nodes.greeting(wanted));
        wait_for_stop_signal();
        say("highwater is stopping.\n");
    }
    nodes.stop();
    if (end == StartEnd::failed || nodes.tell_ended()) {
        return kExitFailed;
    }
    say("highwater has stopped.\n");
    return kExitOk;
}

}  // namespace

int run_nodes(const NodesToRun& wanted) {
    block_stop_signals();
    ignore_broken_pipes();
    const GroupLimits groups = control_group_limits(read_text);
    const std::size_t count = wanted.configs.size();
    const ProcessResources resources{
        .open_files = raise_open_file_limit(), .memory = usable_memory(groups), .nodes = count};
    std::vector<NodeLimits> limits;
    for (const config::BrokerConfig& config : wanted.configs) {
        const auto limits_of_one = limits_of_node(resources, config);
        if (!limits_of_one) {
            complain(limits_of_one.error().message);
            return kExitFailed;
        }
        limits.push_back(*limits_of_one);
    }
    Process process;
    process.log.install_crash_handler();
    const PreparePorts preparing{process.disk, process.entropy, process.clock.wall_now(),
                                 Logger(process.log, "storage")};
    const auto prepared = wanted.prepare ? wanted.prepare(preparing) : Result<void>();
    if (!prepared) {
        complain(with_advice(prepared.error()).message);
        return kExitFailed;
    }
    if (!wanted.remark.empty()) {
        Logger(process.log, "node").info("{}", wanted.remark);
    }
    const std::size_t data_loops = std::max<std::size_t>(default_data_loops(groups) / count, 1);
    LocalNodes nodes(process, wanted.configs, limits, data_loops);
    return run_until_stopped(nodes, wanted);
}

}  // namespace hw::broker
