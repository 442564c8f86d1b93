#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "protocol/base/bytes.h"

namespace hw {

/// Counts the memory that an arena allocates, and may refuse it.
class ArenaSource {
public:
    virtual ~ArenaSource() = default;
    /// Reserves memory for the arena's next chunk. The owner of the arena gives it back. False: the
    /// arena must not allocate the chunk.
    [[nodiscard]] virtual bool reserve(std::size_t bytes) = 0;
};

/// Allocator for one request or one record: many small allocations that are freed together.
///
/// Owned by the code that decodes or answers the request; used by one thread. Allocated objects
/// are trivially destructible and live until `reset` or the end of the arena. The budget bounds
/// the sum of the requested sizes, so a request cannot allocate more than its API allows.
class Arena {
public:
    /// Size of the first chunk. `reset` keeps it, so small requests allocate nothing.
    static constexpr std::size_t kFirstChunk = 4096;

    explicit Arena(std::size_t budget) : budget_(budget) {}
    Arena(Arena&&) noexcept = default;
    Arena& operator=(Arena&&) noexcept = default;

    /// Gives the arena memory to use up before it allocates chunks. The caller owns `memory`, which
    /// must outlive the use of the arena. Call before the first allocation.
    void lend(MutableBytes memory);
    /// Asks `source`, which outlives the arena's use, before each allocation of a chunk.
    void draw_from(ArenaSource& source) { source_ = &source; }

    /// Uninitialised memory for `count` elements; nullptr when that would exceed the budget, or the
    /// source refuses.
    template <class T>
    [[nodiscard]] T* allocate(std::size_t count) {
        static_assert(std::is_trivially_destructible_v<T>);
        static_assert(alignof(T) <= alignof(std::max_align_t));
        if (count > (budget_ - used_) / sizeof(T)) {
            return nullptr;
        }
        return static_cast<T*>(take(count * sizeof(T), alignof(T)));
    }

    /// A copy of `text` in the arena; a null view when that would exceed the budget.
    [[nodiscard]] std::string_view copy(std::string_view text);

    /// Frees everything and sets a new budget.
    void reset(std::size_t budget);

    [[nodiscard]] std::size_t budget() const { return budget_; }
    [[nodiscard]] std::size_t used() const { return used_; }

private:
    [[nodiscard]] void* take(std::size_t size, std::size_t alignment);

    struct Chunk {
        std::unique_ptr<std::byte[]> memory;
        std::size_t size = 0;
    };

    std::size_t budget_;
    std::size_t used_ = 0;
    ArenaSource* source_ = nullptr;
    MutableBytes lent_;
    MutableBytes free_;  ///< rest of the newest chunk, or of the lent memory
    std::vector<Chunk> chunks_;
};

}  // namespace hw
