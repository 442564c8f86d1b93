#pragma once

#include <cstddef>
#include <cstdint>

namespace hw::storage {

/// Memory of one producer entry as it is budgeted, in bytes: above what it takes where ids come in
/// random order (producer_pages.h), with room for what a snapshot in the making keeps.
inline constexpr std::size_t kProducerMemory = 256;

/// Port: how many producer entries all logs of a node hold together, and how many they may. Logs
/// count what they hold whatever the limit; only an append of a client's new producer id asks it.
/// Implemented in broker/runtime; any thread.
class ProducerLimit {
public:
    virtual ~ProducerLimit() = default;

    virtual void change(std::int64_t entries) = 0;
    [[nodiscard]] virtual std::size_t count() const = 0;
    [[nodiscard]] virtual std::size_t most() const = 0;

    [[nodiscard]] bool is_full() const { return count() >= most(); }
};

}  // namespace hw::storage
