#include "broker/runtime/process.h"

#include <algorithm>
#include <fstream>
#include <pthread.h>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace hw::broker {
namespace {

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    // Its terminal is gone, unless nohup has it go on; waited for, an ignored signal would come.
    struct sigaction hang_up{};
    if (sigaction(SIGHUP, nullptr, &hang_up) == 0 && hang_up.sa_handler != SIG_IGN) {
        sigaddset(&signals, SIGHUP);
    }
    return signals;
}

}  // namespace

LoopThreads::LoopThreads(std::size_t data_loops) {
    for (std::size_t index = 0; index <= data_loops; ++index) {
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
    for (std::size_t index = 0; index + 1 < loops_.size(); ++index) {
        shards.push_back(loops_[index].get());
    }
    return shards;
}

std::size_t default_data_loops() {
    constexpr unsigned kMost = 4;
    return std::clamp(std::thread::hardware_concurrency(), 1U, kMost);
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

std::size_t usable_memory() {
    const auto pages = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES));
    std::size_t bytes = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (const char* file :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::ifstream limit(file);
        std::size_t value = 0;
        if (limit >> value) {
            bytes = std::min(bytes, value);
        }
    }
    return bytes;
}

}  // namespace hw::broker
