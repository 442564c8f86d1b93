#pragma once

#include <cstddef>
#include <vector>

#include "protocol/base/bytes.h"

namespace hw::broker {

/// Free list of 4 KiB buffers, reused by later small requests. Everything else that a request
/// allocates is small enough for the allocator's fast path.
///
/// Owned by the shard's MemoryBudget; used on that shard only.
class BufferPool {
public:
    /// Capacity of the buffers on the list. Larger ones come from the allocator and go back to it.
    static constexpr std::size_t kCapacity = 4096;
    static constexpr std::size_t kMaxKept = 256;

    BufferPool() = default;
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    /// A buffer of `size` bytes, with a capacity of at least kCapacity.
    [[nodiscard]] Buffer take(std::size_t size);
    /// Keeps the buffer if its capacity is kCapacity and there is room; otherwise frees it.
    void give(Buffer buffer);

    [[nodiscard]] std::size_t kept() const { return kept_.size(); }

private:
    std::vector<Buffer> kept_;
};

}  // namespace hw::broker
