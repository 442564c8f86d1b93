#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "test/unit/seam/explorer.h"

namespace hw::model {

/// The memory orders that have an effect. A test takes one away to show that it is needed.
struct AllOrders {
    static constexpr bool kAcquire = true;
    static constexpr bool kRelease = true;
};

/// Replaces std::atomic. Each operation is a step of the explorer. Every load sees the newest
/// value, and a weak exchange never fails spuriously. The memory orders decide what a thread has
/// seen of the others, which Plain checks.
template <class Value, class Orders = AllOrders>
class ModelAtomic {
public:
    ModelAtomic(Value value) : value_(value) {}
    ModelAtomic(const ModelAtomic&) = delete;
    ModelAtomic& operator=(const ModelAtomic&) = delete;

    [[nodiscard]] Value load(std::memory_order order) const {
        explorer().step({.place = this, .writes = false});
        acquire(order);
        return value_;
    }
    void store(Value value, std::memory_order order) {
        explorer().step({.place = this, .writes = true});
        released_ = {};
        release(order);
        value_ = value;
    }
    Value exchange(Value value, std::memory_order order) {
        begin_change(order);
        return std::exchange(value_, value);
    }
    Value fetch_add(Value value, std::memory_order order) {
        begin_change(order);
        return std::exchange(value_, value_ + value);
    }
    Value fetch_sub(Value value, std::memory_order order) {
        begin_change(order);
        return std::exchange(value_, value_ - value);
    }
    bool compare_exchange_strong(Value& expected, Value desired, std::memory_order success,
                                 std::memory_order failure) {
        explorer().step({.place = this, .writes = true});
        if (value_ != expected) {
            acquire(failure);
            expected = value_;
            return false;
        }
        acquire(success);
        release(success);
        value_ = desired;
        return true;
    }
    bool compare_exchange_weak(Value& expected, Value desired, std::memory_order success,
                               std::memory_order failure) {
        return compare_exchange_strong(expected, desired, success, failure);
    }

private:
    [[nodiscard]] static Explorer& explorer() { return Explorer::active(); }

    void begin_change(std::memory_order order) {
        explorer().step({.place = this, .writes = true});
        acquire(order);
        release(order);
    }
    void acquire(std::memory_order order) const {
        const bool acquires =
            order != std::memory_order_relaxed && order != std::memory_order_release;
        if (Orders::kAcquire && acquires) {
            explorer().knowledge().join(released_);
        }
    }
    /// A release keeps its effect through changes by other threads (a release sequence).
    void release(std::memory_order order) {
        const bool releases =
            order != std::memory_order_relaxed && order != std::memory_order_acquire;
        if (Orders::kRelease && releases) {
            released_.join(explorer().knowledge());
            explorer().knowledge().tick(explorer().thread());
        }
    }

    Value value_;
    Knowledge released_;
};

/// Memory that is not atomic. A thread that touches it must have seen the last touch. The
/// constructor counts as a touch.
class Plain {
public:
    /// Touches the memory. False if the thread has not seen the last touch: a data race.
    [[nodiscard]] bool touch() {
        const bool known = moment_ <= Explorer::active().knowledge().of(thread_);
        *this = Plain();
        return known;
    }

private:
    std::size_t thread_ = Explorer::active().thread();
    std::uint32_t moment_ = Explorer::active().knowledge().of(thread_);
};

}  // namespace hw::model
