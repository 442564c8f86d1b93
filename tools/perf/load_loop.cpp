#include "tools/perf/load_loop.h"

#include <cerrno>
#include <sys/timerfd.h>
#include <tuple>

namespace hw::perf {

using client::Deadline;
using client::Milliseconds;
using client::Socket;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

Result<Socket> connect_to(const config::Address& address) {
    auto socket = Socket::connect(address, Deadline(kSilenceMax));
    if (!socket) {
        return fail(socket.error().kind, "{}: {}", config::to_string(address),
                    socket.error().message);
    }
    return socket;
}

Result<void> LoadLoop::open(int stop_descriptor) {
    HW_TRY(poller, client::Poller::open());
    poller_ = std::move(poller);
    if (stop_descriptor == Socket::kNoStop) {
        return {};
    }
    // Edge-triggered, so that it does not end every later wait.
    return poller_->watch(stop_descriptor, EPOLLIN | static_cast<std::uint32_t>(EPOLLET), nullptr);
}

Result<void> LoadLoop::add(std::unique_ptr<LoadConnection> connection, Ready ready) {
    const std::uint32_t edge = ready == Ready::edge ? static_cast<std::uint32_t>(EPOLLET) : 0;
    connections_.push_back(std::move(connection));
    LoadConnection& added = *connections_.back();
    return poller_->watch(added.socket().number(), EPOLLIN | EPOLLOUT | edge, &added);
}

Result<void> LoadLoop::tick_every(nanoseconds interval) {
    timer_ = client::Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    const auto seconds = std::chrono::floor<std::chrono::seconds>(interval);
    const timespec step{.tv_sec = seconds.count(), .tv_nsec = (interval - seconds).count()};
    const itimerspec steps{.it_interval = step, .it_value = step};
    if (!timer_.is_open() || ::timerfd_settime(timer_.number(), 0, &steps, nullptr) != 0) {
        return std::unexpected(system_error(errno, "timerfd"));
    }
    return poller_->watch(timer_.number(), EPOLLIN, this);
}

Result<void> LoadLoop::run(const Rules& rules) {
    const SteadyTime begin = steady_clock::now();
    SteadyTime moved = begin;
    HW_TRY_VOID(on_tick());
    while (!rules.is_done()) {
        HW_TRY(wait, work(rules));
        HW_TRY(events, poller_->wait(wait));
        if (rules.time && steady_clock::now() - begin >= *rules.time) {
            rules.stop();
        }
        std::size_t amount = 0;
        for (const epoll_event& event : events) {
            HW_TRY(done, on_event(event, rules));
            amount += done;
        }
        const SteadyTime now = steady_clock::now();
        moved = amount > 0 ? now : moved;
        if (now - moved < silence_max()) {
            continue;
        }
        if (!rules.work || !is_idle()) {
            return fail(ErrorKind::timed_out, "the broker was silent for {} s",
                        silence_max().count());
        }
        moved = now;  // it waits for nothing but the time of its next work
    }
    return {};
}

Result<Milliseconds> LoadLoop::work(const Rules& rules) const {
    const Milliseconds most = silence_max();
    if (!rules.work) {
        return most;
    }
    HW_TRY(next, rules.work(steady_clock::now()));
    const auto until_next = std::chrono::ceil<Milliseconds>(next - steady_clock::now());
    return std::clamp(until_next, Milliseconds(0), most);
}

Result<std::size_t> LoadLoop::on_event(const epoll_event& event, const Rules& rules) {
    if (event.data.ptr == nullptr) {
        is_stopped_ = true;
        rules.stop();
        return 1;
    }
    if (event.data.ptr == this) {
        return on_tick();
    }
    auto& connection = *static_cast<LoadConnection*>(event.data.ptr);
    const bool is_readable = (event.events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
    const SteadyTime now = steady_clock::now();
    return is_readable ? connection.receive(now) : connection.send(now);
}

/// Starts with another connection each time, so that all get the same share at a low rate.
Result<std::size_t> LoadLoop::on_tick() {
    if (timer_.is_open()) {
        std::uint64_t steps = 0;
        std::ignore = ::read(timer_.number(), &steps, sizeof steps);
    }
    std::size_t amount = 0;
    ++turn_;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        LoadConnection& connection = *connections_[(turn_ + i) % connections_.size()];
        const auto sent = connection.send(steady_clock::now());
        if (!sent) {
            return sent;
        }
        amount += *sent;
    }
    return amount;
}

Result<Measurement> Measurement::start(std::optional<std::int64_t> broker_pid) {
    Measurement measurement(broker_pid);
    if (broker_pid) {
        HW_TRY(cpu, cpu_of(*broker_pid));
        measurement.broker_cpu_ = cpu;
    }
    measurement.driver_cpu_ = own_cpu();
    measurement.begin_ = steady_clock::now();
    return measurement;
}

void Measurement::finish(Costs& costs) const {
    costs.elapsed = steady_clock::now() - begin_;
    costs.driver_cpu = own_cpu() - driver_cpu_;
    if (!broker_pid_) {
        return;
    }
    if (const auto cpu = cpu_of(*broker_pid_)) {
        costs.broker_cpu = *cpu - broker_cpu_;
    }
}

}  // namespace hw::perf
