#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "protocol/base/result.h"
#include "protocol/base/shard.h"
#include "protocol/base/task.h"
#include "storage/disk.h"

namespace hw::storage {

/// The threads of a data directory that blocking work runs on.
enum class BlockingThread : std::uint8_t { general, reads };

/// Runs `work` on the threads of a data directory and returns its result on `home`. `work` must own
/// the objects that it uses, or they must outlive the disk, because the caller may be destroyed
/// first. Errors: io if the work was abandoned, and those of `work`.
template <class T>
[[nodiscard]] Task<Result<T>> call_blocking(Disk& disk, const std::string& directory, Shard& home,
                                            std::move_only_function<Result<T>()> work,
                                            BlockingThread thread = BlockingThread::general) {
    struct Shared {
        std::move_only_function<Result<T>()> work;
        std::optional<Result<T>> outcome;
        BlockingEnd end = BlockingEnd::done;
        Signal done;
    };
    const auto shared = std::make_shared<Shared>();
    shared->work = std::move(work);
    auto ended = [shared](BlockingEnd end) {
        shared->end = end;
        shared->done.set();
    };
    std::string name = directory;
    auto run = [shared] {
        shared->outcome = shared->work();
        shared->work = nullptr;
    };
    if (thread == BlockingThread::reads) {
        disk.run_read(name, home, std::move(run), std::move(ended));
    } else {
        disk.run_blocking(name, home, std::move(run), std::move(ended));
    }
    co_await home.wait(shared->done, kNever);
    if (shared->end == BlockingEnd::abandoned) {
        co_return std::unexpected(abandoned_error(name));
    }
    co_return std::move(*shared->outcome);
}

}  // namespace hw::storage
