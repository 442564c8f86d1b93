#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "config/address.h"
#include "protocol/base/result.h"
#include "tools/client/socket.h"
#include "tools/perf/load_connection.h"
#include "tools/perf/process.h"
#include "tools/perf/tally.h"

/// What all loads share: connections that are served by one thread, and the measurement around it.
namespace hw::perf {

/// A load ends when a broker from which it waits for something is silent for so long.
inline constexpr std::chrono::seconds kSilenceMax{30};
/// Shorter after a stop, because the user is waiting.
inline constexpr std::chrono::seconds kStoppedSilenceMax{1};

/// How a socket is watched: edge reports once when it becomes ready, level as long as it is ready.
enum class Ready : std::uint8_t { edge, level };

/// Connects to a broker. Errors: those of Socket::connect, with the address.
[[nodiscard]] Result<client::Socket> connect_to(const config::Address& address);

/// The connections of a load and the thread that serves them.
class LoadLoop {
public:
    /// The loop ends when `is_done`. When `time` is over or the user asks to stop, `stop` is
    /// called, which makes it done soon.
    struct Rules {
        std::function<bool()> is_done;
        std::function<void()> stop;
        std::optional<std::chrono::seconds> time = {};
        /// Does what is due, before each wait. Returns when it must be called again at the latest.
        std::function<Result<SteadyTime>(SteadyTime now)> work = {};
    };

    /// Errors: those of the operating system.
    [[nodiscard]] Result<void> open(int stop_descriptor);
    [[nodiscard]] Result<void> add(std::unique_ptr<LoadConnection> connection, Ready ready);
    /// Also lets all connections send at every tick of a timer. Errors: those of the operating
    /// system.
    [[nodiscard]] Result<void> tick_every(std::chrono::nanoseconds interval);

    /// Serves the connections until the end. Errors: those of LoadConnection and of the work;
    /// timed_out (the broker was silent).
    [[nodiscard]] Result<void> run(const Rules& rules);

    [[nodiscard]] bool is_idle() const {
        return std::ranges::all_of(connections_, [](const auto& each) { return each->is_idle(); });
    }

private:
    [[nodiscard]] Result<std::size_t> on_event(const epoll_event& event, const Rules& rules);
    [[nodiscard]] Result<std::size_t> on_tick();
    /// How long to wait for events, given the work.
    [[nodiscard]] Result<client::Milliseconds> work(const Rules& rules) const;
    [[nodiscard]] std::chrono::seconds silence_max() const {
        return is_stopped_ ? kStoppedSilenceMax : kSilenceMax;
    }

    std::optional<client::Poller> poller_;
    std::vector<std::unique_ptr<LoadConnection>> connections_;
    client::Descriptor timer_;
    std::size_t turn_ = 0;
    bool is_stopped_ = false;
};

/// Measures time and CPU from its construction on.
class Measurement {
public:
    /// With the pid of a broker it also measures that one's CPU. Errors: those of cpu_of.
    [[nodiscard]] static Result<Measurement> start(std::optional<std::int64_t> broker_pid);

    /// Stores the time and the CPU since the start.
    void finish(Costs& costs) const;

private:
    explicit Measurement(std::optional<std::int64_t> broker_pid) : broker_pid_(broker_pid) {}

    std::optional<std::int64_t> broker_pid_;
    std::chrono::nanoseconds broker_cpu_{0};
    std::chrono::nanoseconds driver_cpu_{0};
    SteadyTime begin_;
};

}  // namespace hw::perf
