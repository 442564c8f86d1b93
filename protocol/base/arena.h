#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "protocol/base/bytes.h"

namespace hw {

/// Memory of one request or one record: many small allocations, freed together.
///
/// Owned by what decodes or answers; used by one thread. What is allocated is trivially
/// destructible and lives until `reset` or the arena's end. The budget bounds the sum of all
/// allocations: a request cannot make us allocate more than its API's share.
class Arena {
public:
    /// Bytes kept for reuse over `reset`, so that small requests allocate nothing.
    static constexpr std::size_t kFirstChunk = 4096;

    explicit Arena(std::size_t budget) : budget_(budget) {}
    Arena(Arena&&) noexcept = default;
    Arena& operator=(Arena&&) noexcept = default;

    /// Memory to use before any is allocated; the caller's, for as long as the arena is used. To be
    /// called before the first allocation.
    void lend(MutableBytes memory);

    /// Uninitialised memory for `count` elements; nullptr when the budget would be passed.
    template <class T>
    [[nodiscard]] T* allocate(std::size_t count) {
        static_assert(std::is_trivially_destructible_v<T>);
        static_assert(alignof(T) <= alignof(std::max_align_t));
        if (count > (budget_ - used_) / sizeof(T)) {
            return nullptr;
        }
        return static_cast<T*>(take(count * sizeof(T), alignof(T)));
    }

    /// A copy of `text` that lives as long as the arena; empty data when over the budget.
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
    MutableBytes lent_;
    MutableBytes free_;  ///< of the newest chunk, or of what is lent
    std::vector<Chunk> chunks_;
};

}  // namespace hw
