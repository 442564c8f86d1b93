#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

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
    std::size_t position_ = 0;  ///< first free byte of the newest chunk
    std::vector<Chunk> chunks_;
};

}  // namespace hw
