#include "broker/runtime/process.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace hw::broker {
namespace {

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    // SIGHUP: the terminal is gone. Under nohup it is ignored, but sigwait would still return it.
    struct sigaction hang_up{};
    if (sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN) {
        sigaddset(&signals, SIGHUP);
    }
    return signals;
}

/// Cores that the scheduler may put this process on.
unsigned allowed_cores() {
    constexpr std::size_t kCores = 8192;  // the maximum that Linux supports
    cpu_set_t sets[kCores / CPU_SETSIZE];
    if (sched_getaffinity(0, sizeof sets, sets) != 0) {
        return std::thread::hardware_concurrency();
    }
    return static_cast<unsigned>(CPU_COUNT_S(sizeof sets, sets));
}

}  // namespace

LoopThreads::LoopThreads(std::size_t data_loops) {
    for (std::size_t index = 0; index < data_loops + 2; ++index) {
        loops_.push_back(std::make_unique<EventLoop>(index));
    }
    for (const auto& loop : loops_) {
        threads_.emplace_back([&loop = *loop] { loop.run(); });
    }
}

LoopThreads::~LoopThreads() {
    for (const auto& loop : loops_) {
        loop->stop();
    }
    for (std::thread& thread : threads_) {
        thread.join();
    }
}

std::vector<Shard*> LoopThreads::data() const {
    std::vector<Shard*> shards;
    for (std::size_t index = 0; index + 2 < loops_.size(); ++index) {
        shards.push_back(loops_[index].get());
    }
    return shards;
}

std::optional<std::string> read_text(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return file ? std::optional(text.str()) : std::nullopt;
}

std::size_t default_data_loops(const GroupLimits& groups) {
    constexpr unsigned kMost = 4;
    return std::min(usable_cores(allowed_cores(), groups), kMost);
}

void block_stop_signals() {
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int wait_for_stop_signal() {
    const sigset_t signals = stop_signals();
    int received = 0;
    sigwait(&signals, &received);
    return received;
}

bool wait_for_stop_signal(std::chrono::milliseconds limit) {
    const sigset_t signals = stop_signals();
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
    const std::chrono::nanoseconds rest = limit - seconds;
    const timespec time{seconds.count(), rest.count()};
    return sigtimedwait(&signals, nullptr, &time) > 0;
}

void ignore_broken_pipes() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
}

std::size_t raise_open_file_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

std::size_t usable_memory(const GroupLimits& groups) {
    const auto pages = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES));
    const std::size_t bytes = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return std::min<std::uint64_t>(bytes, groups.memory.value_or(bytes));
}

}  // namespace hw::broker
