#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "storage/disk.h"

namespace hw::storage {

/// The threads on which the blocking work of one data directory runs.
///
/// Any thread. The mutex of its state guards the queue and what runs. Its length is bounded by its
/// users: each waits for its work.
class BlockingThreads {
public:
    explicit BlockingThreads(std::size_t threads);
    /// Ends after the work that is queued; when it was abandoned, at once: a thread that hangs goes
    /// on with what it shares with its work only.
    ~BlockingThreads();
    BlockingThreads(const BlockingThreads&) = delete;
    BlockingThreads& operator=(const BlockingThreads&) = delete;

    void run(Shard& shard, std::move_only_function<void()> work, BlockingDone done);
    [[nodiscard]] BlockingProgress progress() const;
    void abandon();

private:
    struct State;

    /// Shared with the threads, which may outlive this.
    std::shared_ptr<State> state_;
    std::vector<std::thread> threads_;
};

}  // namespace hw::storage
