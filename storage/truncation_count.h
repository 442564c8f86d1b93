#pragma once

#include <atomic>
#include <cstdint>

namespace hw::storage {

/// Number of truncations of a log. It is raised before any file is touched, so a read outside of
/// the log's guard whose count is the same at its end has read no byte of a later truncation.
///
/// Shared by the log, which alone raises it, and its reads on other threads. It is an atomic so
/// that a read needs no second entry of the guard.
class TruncationCount {
public:
    [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_seq_cst); }
    void raise() { value_.fetch_add(1, std::memory_order_seq_cst); }

private:
    std::atomic<std::int64_t> value_ = 0;
};

}  // namespace hw::storage
