#pragma once

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "broker/runtime/event_loop.h"

namespace hw::broker {

/// The event loops of a process and their threads: data loops 0 to count-1, then the control loop.
class LoopThreads {
public:
    /// Starts `data_loops` + 1 threads.
    explicit LoopThreads(std::size_t data_loops);
    /// Ends the loops after their running turn and waits for the threads.
    ~LoopThreads();
    LoopThreads(const LoopThreads&) = delete;
    LoopThreads& operator=(const LoopThreads&) = delete;

    [[nodiscard]] std::vector<Shard*> data() const;
    [[nodiscard]] EventLoop& control() const { return *loops_.back(); }

    /// Starts a task on the control loop; its result comes to the caller, who is on none of the
    /// loops.
    template <class T>
    std::future<T> start_on_control(Task<T> task) {
        auto result = std::make_shared<std::promise<T>>();
        control().spawn(deliver(std::move(task), result));
        return result->get_future();
    }
    /// The same; waits for the end.
    template <class T>
    T run_on_control(Task<T> task) {
        return start_on_control(std::move(task)).get();
    }

private:
    template <class T>
    static Task<> deliver(Task<T> task, std::shared_ptr<std::promise<T>> result) {
        if constexpr (std::is_void_v<T>) {
            co_await std::move(task);
            result->set_value();
        } else {
            T value = co_await std::move(task);
            result->set_value(std::move(value));
        }
    }

    std::vector<std::unique_ptr<EventLoop>> loops_;
    std::vector<std::thread> threads_;
};

/// Data loops for this process: one a core that it may use by its affinity and the quota of its
/// control groups, at most 4.
[[nodiscard]] std::size_t default_data_loops();

/// Blocks the signals that ask for an end in this thread and those it starts; call it first.
void block_stop_signals();
/// Waits for SIGINT, SIGTERM or SIGHUP; returns its number.
int wait_for_stop_signal();
/// The same for `limit` at most; false when none came.
[[nodiscard]] bool wait_for_stop_signal(std::chrono::milliseconds limit);

/// A write to a pipe that nobody reads any more is an error and not the end of the process: who
/// read the log lines may go before it.
void ignore_broken_pipes();

/// Raises the soft limit of open files to the hard one; returns it.
std::size_t raise_open_file_limit();

/// Memory this process may use: the smaller of the machine's and its control groups', in bytes.
[[nodiscard]] std::size_t usable_memory();

}  // namespace hw::broker
