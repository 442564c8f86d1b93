#pragma once

#include <cstdint>
#include <optional>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// The producer ids that a broker may still hand out: the rest of the current block, and the next
/// block once it has arrived. No id is handed out twice. A core; used by one thread.
class ProducerIdBlocks {
public:
    /// Adds a block of `count` ids, beginning with `first`. Errors: invalid (not a valid range, or
    /// it overlaps an earlier block).
    [[nodiscard]] Result<void> add(ProducerId first, std::int32_t count);
    /// Takes the next id; nothing if no ids are left.
    [[nodiscard]] std::optional<ProducerId> take();
    /// True if another block is needed: there is no next block, and at most a tenth of the current
    /// one is left.
    [[nodiscard]] bool is_low() const;

private:
    struct Block {
        std::int64_t next = 0;
        std::int64_t end = 0;
        std::int64_t size = 0;

        [[nodiscard]] std::int64_t left() const { return end - next; }
    };

    Block current_;
    Block following_;
};

}  // namespace hw::broker
