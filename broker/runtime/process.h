#pragma once

#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "broker/runtime/control_group.h"
#include "broker/runtime/event_loop.h"

namespace hw::broker {

/// The result of a task that runs on a loop. Waited for by a thread that runs no loop.
template <class T>
using Pending = std::future<T>;

/// The event loops of a node and their threads: data loops 0 to count-1, then the control loop, and
/// the loop for long computations.
class LoopThreads {
public:
    /// Starts `data_loops` + 2 threads.
    explicit LoopThreads(std::size_t data_loops);
    /// Ends the loops after their current turn and joins the threads.
    ~LoopThreads();
    LoopThreads(const LoopThreads&) = delete;
    LoopThreads& operator=(const LoopThreads&) = delete;

    [[nodiscard]] std::vector<Shard*> data() const;
    [[nodiscard]] EventLoop& control() const { return *loops_[loops_.size() - 2]; }
    [[nodiscard]] EventLoop& worker() const { return *loops_.back(); }

    /// Starts a task on the control loop. Call from a thread that runs no loop.
    template <class T>
    Pending<T> start_on_control(Task<T> task) {
        auto result = std::make_shared<std::promise<T>>();
        control().spawn(deliver(std::move(task), result));
        return result->get_future();
    }
    /// The same, but waits for the result.
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

/// The text of a file; none when it cannot be read.
[[nodiscard]] std::optional<std::string> read_text(const std::string& path);

/// Number of data loops for this process: one per core that its affinity and the quota of its
/// control groups allow, at most 4.
[[nodiscard]] std::size_t default_data_loops(const GroupLimits& groups);

/// Blocks the stop signals in this thread and the threads that it starts; call it first.
void block_stop_signals();
/// Waits for SIGINT, SIGTERM or SIGHUP; returns its number.
int wait_for_stop_signal();
/// The same for `limit` at most; false when none came.
[[nodiscard]] bool wait_for_stop_signal(std::chrono::milliseconds limit);

/// Ignores SIGPIPE: a write to a pipe without a reader then fails instead of ending the process.
/// The reader of the log may end before this process.
void ignore_broken_pipes();

/// Raises the soft limit of open files to the hard one; returns it.
std::size_t raise_open_file_limit();

/// Memory this process may use: the smaller of the machine's and its control groups', in bytes.
[[nodiscard]] std::size_t usable_memory(const GroupLimits& groups);

}  // namespace hw::broker
