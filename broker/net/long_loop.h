#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>

#include "protocol/base/shard.h"

namespace hw::broker {

/// Items of a request that are worked on before others have their turn.
inline constexpr std::size_t kItemsPerTurn = 1024;

/// Lets everything else run that is ready on the shard.
[[nodiscard]] inline Task<> let_others_run(Shard& shard) {
    const auto turn = std::make_shared<Signal>();
    shard.post([turn] { turn->set(); });
    co_await shard.wait(*turn, kNever);
}

/// Counts the items of a loop over what a request names: `if (loop.is_over()) co_await
/// let_others_run(shard);` after each.
class LongLoop {
public:
    explicit LongLoop(std::size_t items_per_turn = kItemsPerTurn)
        : items_per_turn_(items_per_turn) {}

    /// True when the turn of this loop is over.
    [[nodiscard]] bool is_over() { return ++items_ % items_per_turn_ == 0; }

private:
    std::size_t items_per_turn_;
    std::size_t items_ = 0;
};

/// Sorts in turns what is too long for one; needs no memory. `items` outlive it.
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
