#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "protocol/base/result.h"
#include "protocol/base/shard.h"
#include "protocol/base/task.h"
#include "storage/disk.h"

namespace hw::storage {

/// Runs `work` where it may block, and gives on `home` what it returned. `work` owns all that it
/// uses: who waits here may be gone before it ends.
template <class T>
[[nodiscard]] Task<Result<T>> call_blocking(Disk& disk, Shard& home,
                                            std::move_only_function<Result<T>()> work) {
    struct Shared {
        std::move_only_function<Result<T>()> work;
        std::optional<Result<T>> outcome;
        Signal done;
    };
    const auto shared = std::make_shared<Shared>();
    shared->work = std::move(work);
    disk.run_blocking(
        home, [shared] { shared->outcome = shared->work(); }, [shared] { shared->done.set(); });
    co_await home.wait(shared->done, kNever);
    co_return std::move(*shared->outcome);
}

}  // namespace hw::storage
