#include "storage/posix_disk/blocking_threads.h"

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <utility>

namespace hw::storage {

struct BlockingThreads::State {
    struct Job {
        Shard* shard;
        std::move_only_function<void()> work;
        BlockingDone done;
    };
    /// Work that a thread is running: the callback to call when it ends or is abandoned. The thread
    /// holds the work itself.
    struct Running {
        Shard* shard;
        BlockingDone done;
    };

    std::mutex mutex;
    std::condition_variable wake;
    std::deque<Job> jobs;
    std::list<Running> running;
    std::uint64_t ended = 0;
    bool stopping = false;
    bool abandoned = false;

    void run_jobs();
    static void post_end(Shard& shard, BlockingDone done, BlockingEnd end) {
        shard.post([done = std::move(done), end]() mutable { done(end); });
    }
};

void BlockingThreads::State::run_jobs() {
    std::unique_lock lock(mutex);
    while (true) {
        wake.wait(lock, [this] { return stopping || !jobs.empty(); });
        if (jobs.empty()) {
            return;
        }
        auto work = std::move(jobs.front().work);
        running.push_back({jobs.front().shard, std::move(jobs.front().done)});
        const auto self = std::prev(running.end());
        jobs.pop_front();
        lock.unlock();
        work();
        work = nullptr;
        lock.lock();
        ++ended;
        if (abandoned) {
            return;  // `abandon` has called the callbacks and emptied the list
        }
        Running done = std::move(*self);
        running.erase(self);
        post_end(*done.shard, std::move(done.done), BlockingEnd::done);
    }
}

BlockingThreads::BlockingThreads(std::size_t threads) : state_(std::make_shared<State>()) {
    for (std::size_t i = 0; i < threads; ++i) {
        threads_.emplace_back([state = state_] { state->run_jobs(); });
    }
}

BlockingThreads::~BlockingThreads() {
    bool abandoned = false;
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
        abandoned = state_->abandoned;
    }
    state_->wake.notify_all();
    for (std::thread& thread : threads_) {
        abandoned ? thread.detach() : thread.join();
    }
}

void BlockingThreads::run(Shard& shard, std::move_only_function<void()> work, BlockingDone done) {
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->abandoned) {
            State::post_end(shard, std::move(done), BlockingEnd::abandoned);
            return;
        }
        state_->jobs.push_back({&shard, std::move(work), std::move(done)});
    }
    state_->wake.notify_one();
}

BlockingProgress BlockingThreads::progress() const {
    const std::lock_guard lock(state_->mutex);
    return {state_->jobs.size() + state_->running.size(), state_->ended};
}

void BlockingThreads::abandon() {
    std::deque<State::Job> jobs;
    {
        const std::lock_guard lock(state_->mutex);
        state_->abandoned = true;
        jobs = std::exchange(state_->jobs, {});
        for (State::Running& each : std::exchange(state_->running, {})) {
            State::post_end(*each.shard, std::move(each.done), BlockingEnd::abandoned);
        }
    }
    for (State::Job& job : jobs) {
        State::post_end(*job.shard, std::move(job.done), BlockingEnd::abandoned);
    }
}

}  // namespace hw::storage
