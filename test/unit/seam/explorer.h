#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <ucontext.h>
#include <vector>

namespace hw::model {

inline constexpr std::size_t kMaxThreads = 4;
/// The thread index of the code that runs the explorer, which is no model thread.
inline constexpr std::size_t kOutside = kMaxThreads;

/// The memory that a step touches. Steps of two threads may be swapped, unless both touch the same
/// place and one of them writes.
struct Touch {
    const void* place = nullptr;
    bool writes = false;
};

/// A vector clock: what a thread has seen of each thread.
class Knowledge {
public:
    void join(const Knowledge& other);
    /// Begins a new moment of `thread`, to which this knowledge belongs.
    void tick(std::size_t thread) { ++moments_[thread]; }
    [[nodiscard]] std::uint32_t of(std::size_t thread) const { return moments_[thread]; }

private:
    std::array<std::uint32_t, kMaxThreads + 1> moments_{};
};

/// Runs a few threads in every interleaving of their steps, one execution for each. The threads are
/// fibers, so that a run can be repeated exactly. Between two steps a thread runs alone.
///
///     Explorer explorer;
///     do {
///         explorer.run({first, second});
///     } while (explorer.next());
///
/// The search is depth first. Interleavings that differ only in the order of steps that may be
/// swapped count as one (sleep sets, Godefroid 1996). Sometimes a run turns out only late to be
/// such a duplicate. Then it continues to its end without further forks, and is counted as
/// redundant. With a limit on preemptions (a thread stops although it could continue; Musuvathi and
/// Qadeer 2007) the search is not exhaustive and counts all orders, but covers longer programs.
class Explorer {
public:
    using Body = std::function<void()>;

    static constexpr std::size_t kUnlimited = SIZE_MAX;

    explicit Explorer(std::size_t max_preemptions = kUnlimited);
    Explorer(const Explorer&) = delete;
    Explorer& operator=(const Explorer&) = delete;
    ~Explorer();

    /// The existing explorer. Model atomics have no other access to it.
    [[nodiscard]] static Explorer& active() { return *active_; }

    /// One execution; all threads have ended when it returns. At most kMaxThreads bodies.
    void run(std::vector<Body> bodies);
    /// Prepares the next execution. False when there is none.
    [[nodiscard]] bool next();

    /// Threads call this before they touch shared memory. Other threads may run first.
    void step(Touch touch);
    /// Threads call this to get a number below `options`. Each number comes in some execution.
    [[nodiscard]] std::size_t pick(std::size_t options);
    /// The running thread; kOutside when none of them runs.
    [[nodiscard]] std::size_t thread() const { return current_; }
    [[nodiscard]] Knowledge& knowledge() { return threads_[current_].knowledge; }

    [[nodiscard]] std::uint64_t executions() const { return executions_; }
    [[nodiscard]] std::uint64_t redundant() const { return redundant_; }

private:
    /// Bit N stands for thread N, or for the number N of a pick.
    using Mask = std::uint32_t;
    struct Fork {
        Mask options;
        Mask tried;  ///< options that were run, or are equivalent to one that was
        std::size_t chosen;
    };
    struct Thread {
        ucontext_t context{};
        std::unique_ptr<std::byte[]> stack;
        Body body;
        Touch next;
        bool ended = true;
        Knowledge knowledge;
    };

    static void run_thread();
    void begin(std::size_t index, Body body);
    [[nodiscard]] std::size_t choose();
    [[nodiscard]] Fork fork(Mask options) const;
    [[nodiscard]] Mask still_asleep(const Fork& taken) const;
    void switch_to(std::size_t next);

    static inline Explorer* active_ = nullptr;

    std::array<Thread, kMaxThreads + 1> threads_;
    std::size_t current_ = kOutside;
    std::size_t max_preemptions_;
    std::size_t preemptions_ = 0;
    std::vector<Fork> path_;
    std::size_t depth_ = 0;
    Mask asleep_ = 0;       ///< threads whose next step was tried in an earlier execution
    bool repeats_ = false;  ///< all runnable threads are asleep: this execution is redundant
    std::uint64_t executions_ = 0;
    std::uint64_t redundant_ = 0;
};

}  // namespace hw::model
