#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "protocol/base/bytes.h"

namespace hw::broker {

/// The memory of small requests that have ended, for the next ones: of all that a request
/// allocates, only these blocks are too large for the allocator's fast way.
///
/// Owned by the shard's MemoryBudget; used on that shard only.
class BufferPool {
public:
    /// Capacity of what is kept; larger buffers come from the allocator and go back to it.
    static constexpr std::size_t kCapacity = 4096;
    static constexpr std::size_t kMaxKept = 256;

    BufferPool() = default;
    BufferPool(const BufferPool&) = delete;
    BufferPool& operator=(const BufferPool&) = delete;
    ~BufferPool();

    /// What a buffer of `size` bytes takes of memory.
    [[nodiscard]] static std::size_t memory_of(std::size_t size) {
        return std::max(size, kCapacity);
    }
    /// `size` bytes, with kCapacity of memory unless more is asked for.
    [[nodiscard]] Buffer take(std::size_t size);
    /// Takes back a buffer of any origin.
    void give(Buffer buffer);

    [[nodiscard]] std::size_t kept() const { return kept_.size(); }

private:
    std::vector<Buffer> kept_;
};

}  // namespace hw::broker
