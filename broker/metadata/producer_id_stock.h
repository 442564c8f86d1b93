#pragma once

#include <cstdint>
#include <optional>

#include "protocol/base/ids.h"
#include "protocol/base/result.h"

namespace hw::broker {

/// The producer ids that a broker may still give out: the rest of one block, and the block after
/// it once that has come. No id is given twice. Pure; one thread.
class ProducerIdStock {
public:
    /// Adds the ids from `first` on, `count` of them. Errors: invalid, for a block that is none, or
    /// that holds ids which were in an earlier one.
    [[nodiscard]] Result<void> add(ProducerId first, std::int32_t count);
    /// Nothing while there are none.
    [[nodiscard]] std::optional<ProducerId> take();
    /// It is time for another block: nine tenths of the last one are gone.
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
