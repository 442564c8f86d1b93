#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

#include "protocol/base/shard.h"

namespace hw::broker {

/// Items of a request that are handled before other work of the shard has its turn.
inline constexpr std::size_t kItemsPerTurn = 1024;

/// Yields: all other work that is ready on the shard runs first.
[[nodiscard]] inline Task<> let_others_run(Shard& shard) {
    const auto turn = std::make_shared<Signal>();
    shard.post([turn] { turn->set(); });
    co_await shard.wait(*turn, kNever);
}

/// Counter for a loop over the items of a request, so that it yields from time to time: `if
/// (loop.is_over()) co_await let_others_run(shard);` after each.
class LongLoop {
public:
    /// Bytes that end a turn by themselves.
    static constexpr std::size_t kBytesPerTurn = std::size_t{1} << 20;

    explicit LongLoop(std::size_t items_per_turn = kItemsPerTurn)
        : items_per_turn_(items_per_turn) {}

    /// Counts an item, or several. True when the loop must yield.
    [[nodiscard]] bool is_over(std::size_t items = 1) {
        add(items);
        return must_yield();
    }
    /// Counts an item for which `bytes` were read or decompressed.
    [[nodiscard]] bool is_over_after(std::size_t bytes) {
        add_after(bytes);
        return must_yield();
    }

    /// The same in two steps, for a loop that yields before its next item.
    void add(std::size_t items = 1) { items_ += items; }
    void add_after(std::size_t bytes) { add(1 + bytes / kBytesLikeAnItem); }
    [[nodiscard]] bool must_yield() {
        if (items_ < items_per_turn_) {
            return false;
        }
        items_ = 0;
        return true;
    }

private:
    /// Number of bytes whose check or decompression takes about as long as one item.
    static constexpr std::size_t kBytesLikeAnItem = kBytesPerTurn / kItemsPerTurn;

    std::size_t items_per_turn_;
    std::size_t items_ = 0;  ///< in this turn
};

/// Sorts `items` in place, and yields from time to time. `items` must outlive the task.
template <class Item>
[[nodiscard]] Task<> sort_in_turns(Shard& shard, std::span<Item> items) {
    if (items.size() <= kItemsPerTurn) {
        std::sort(items.begin(), items.end());
        co_return;
    }
    LongLoop loop;
    const auto size = static_cast<std::ptrdiff_t>(items.size());
    for (std::ptrdiff_t end = 2; end <= size; ++end) {
        std::push_heap(items.begin(), items.begin() + end);
        if (loop.is_over()) {
            co_await let_others_run(shard);
        }
    }
    for (std::ptrdiff_t end = size; end > 1; --end) {
        std::pop_heap(items.begin(), items.begin() + end);
        if (loop.is_over()) {
            co_await let_others_run(shard);
        }
    }
}

}  // namespace hw::broker
