#pragma once

#include <cstddef>
#include <cstdint>

namespace hw::storage {

/// Budgeted memory of one producer entry, in bytes. It is more than an entry takes when ids come in
/// random order (producer_pages.h); the rest is for pages that a running snapshot keeps.
inline constexpr std::size_t kProducerMemory = 256;

/// Port: the number of producer entries in all logs of a node, and its limit. Logs count all their
/// entries; the limit is checked only when a client appends with a producer id that is new to the
/// log. Implemented in broker/runtime; any thread.
class ProducerLimit {
public:
    virtual ~ProducerLimit() = default;

    virtual void change(std::int64_t entries) = 0;
    [[nodiscard]] virtual std::size_t count() const = 0;
    [[nodiscard]] virtual std::size_t max_count() const = 0;

    [[nodiscard]] bool is_full() const { return count() >= max_count(); }
};

}  // namespace hw::storage
