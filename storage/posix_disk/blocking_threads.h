#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "storage/disk.h"

namespace hw::storage {

/// Thread pool for the blocking work of one data directory.
///
/// Any thread. The mutex of its state guards the queue and the list of running work. The queue is
/// bounded by its users, because each waits for its work.
class BlockingThreads {
public:
    explicit BlockingThreads(std::size_t threads);
    /// Waits for the queued work. After `abandon` it does not wait: a thread that hangs keeps only
    /// the state that it shares.
    ~BlockingThreads();
    BlockingThreads(const BlockingThreads&) = delete;
    BlockingThreads& operator=(const BlockingThreads&) = delete;

    void run(Shard& shard, std::move_only_function<void()> work, BlockingDone done);
    [[nodiscard]] BlockingProgress progress() const;
    void abandon();

private:
    struct State;

    /// Shared with the threads, which may outlive this object.
    std::shared_ptr<State> state_;
    std::vector<std::thread> threads_;
};

}  // namespace hw::storage
