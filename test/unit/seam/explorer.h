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
/// The index of who runs the explorer, beside those of the model threads.
inline constexpr std::size_t kOutside = kMaxThreads;

/// What a step touches. Steps of two threads on one place, one of them a write, may not change
/// places; all others may.
struct Touch {
    const void* place = nullptr;
    bool writes = false;
};

/// What a thread has seen of each thread: a vector clock.
class Knowledge {
public:
    void join(const Knowledge& other);
    /// A new moment in the life of `thread`, whose knowledge this is.
    void tick(std::size_t thread) { ++moments_[thread]; }
    [[nodiscard]] std::uint32_t of(std::size_t thread) const { return moments_[thread]; }

private:
    std::array<std::uint32_t, kMaxThreads + 1> moments_{};
};

/// Runs a few threads again and again, each time in another interleaving of their steps, until no
/// other is left. The threads are fibers, so that a run repeats exactly; a thread goes on alone
/// until its next step.
///
///     Explorer explorer;
///     do {
///         explorer.run({first, second});
///     } while (explorer.next());
///
/// The search is depth first. Interleavings that differ only in the order of steps that may change
/// places count as one (sleep sets, Godefroid 1996). Such a one is sometimes recognised late; then
/// the run goes on to its end without further forks, and is counted as redundant. With a limit to
/// preemptions (a thread stops although it could go on; Musuvathi and Qadeer 2007) the search is
/// not exhaustive, counts all orders, and reaches further.
class Explorer {
public:
    using Body = std::function<void()>;

    static constexpr std::size_t kUnlimited = SIZE_MAX;

    explicit Explorer(std::size_t max_preemptions = kUnlimited);
    Explorer(const Explorer&) = delete;
    Explorer& operator=(const Explorer&) = delete;
    ~Explorer();

    /// The one that lives: model atomics have no other way to it.
    [[nodiscard]] static Explorer& active() { return *active_; }

    /// One execution; all threads have ended when it returns. At most kMaxThreads bodies.
    void run(std::vector<Body> bodies);
    /// Turns to the next execution; false when there is none.
    [[nodiscard]] bool next();

    /// For threads, before they touch what others can see: the others may go first.
    void step(Touch touch);
    /// For threads: a number below `options`, each in some execution.
    [[nodiscard]] std::size_t pick(std::size_t options);
    /// Who runs now; kOutside when none of the threads does.
    [[nodiscard]] std::size_t thread() const { return current_; }
    [[nodiscard]] Knowledge& knowledge() { return threads_[current_].knowledge; }

    [[nodiscard]] std::uint64_t executions() const { return executions_; }
    [[nodiscard]] std::uint64_t redundant() const { return redundant_; }

private:
    /// Bit N stands for thread N, or for the number N of a pick.
    using Mask = std::uint32_t;
    struct Fork {
        Mask options;
        Mask tried;  ///< need no execution from here: seen, or the same as one that was
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

    static void live();
    void begin(std::size_t index, Body body);
    [[nodiscard]] std::size_t choose();
    [[nodiscard]] Fork fork(Mask options) const;
    [[nodiscard]] Mask still_asleep(const Fork& taken) const;
    void go_on_with(std::size_t next);

    static inline Explorer* active_ = nullptr;

    std::array<Thread, kMaxThreads + 1> threads_;
    std::size_t current_ = kOutside;
    std::size_t max_preemptions_;
    std::size_t preemptions_ = 0;
    std::vector<Fork> path_;
    std::size_t depth_ = 0;
    Mask asleep_ = 0;       ///< threads whose next step was tried in an earlier execution
    bool repeats_ = false;  ///< all that can run are asleep: this execution is redundant
    std::uint64_t executions_ = 0;
    std::uint64_t redundant_ = 0;
};

}  // namespace hw::model
