#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/producer_limit.h"

namespace hw::broker {

/// Counts the producers in all logs of a node, and has their limit. Atomic, because logs are
/// entered on every thread. Appends at the same moment may each exceed the limit by one.
class SharedProducerLimit final : public storage::ProducerLimit {
public:
    explicit SharedProducerLimit(std::size_t max_count) : max_count_(max_count) {}

    void change(std::int64_t entries) override {
        count_.fetch_add(entries, std::memory_order_relaxed);
    }
    [[nodiscard]] std::size_t count() const override {
        return static_cast<std::size_t>(count_.load(std::memory_order_relaxed));
    }
    [[nodiscard]] std::size_t max_count() const override { return max_count_; }

private:
    const std::size_t max_count_;
    std::atomic<std::int64_t> count_ = 0;
};

}  // namespace hw::broker
