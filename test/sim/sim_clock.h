#pragma once

#include <cstdint>

#include "protocol/base/clock.h"
#include "protocol/base/entropy.h"
#include "test/sim/scheduler.h"

namespace hw::sim {

/// The clocks of a simulated machine: a monotonic one that may run too fast or too slow, and a wall
/// clock that starts at 2026-01-01, runs at the same rate and can be set wrong.
class SimClock final : public Clock {
public:
    static constexpr std::int64_t kTrueRate = 1000;

    /// `rate`: how many thousandths of a second its second has.
    explicit SimClock(const Scheduler& scheduler, std::int64_t rate = kTrueRate)
        : scheduler_(&scheduler), rate_(rate) {}

    [[nodiscard]] TimePoint now() const override { return TimePoint(shown()); }
    [[nodiscard]] Timestamp wall_now() const override {
        constexpr std::int64_t kStart = 1'767'225'600'000;
        const Duration since_start = shown() + wall_ahead_;
        return Timestamp(
            kStart + std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count());
    }
    /// The true time at which this clock shows `shown` or a little later.
    [[nodiscard]] TimePoint true_time(TimePoint shown) const {
        if (shown >= TimePoint(TimePoint::max().time_since_epoch() / 2)) {
            return kNever;
        }
        const std::int64_t count = shown.time_since_epoch().count();
        const std::int64_t rest = (count % rate_) * kTrueRate;
        return TimePoint(Duration(count / rate_ * kTrueRate + (rest + rate_ - 1) / rate_));
    }

    /// Sets the wall clock ahead of the true time, or behind it if negative; `now` does not change.
    void set_wall(Duration ahead) { wall_ahead_ = ahead; }

private:
    [[nodiscard]] Duration shown() const {
        const std::int64_t count = scheduler_->now().time_since_epoch().count();
        return Duration(count / kTrueRate * rate_ + count % kTrueRate * rate_ / kTrueRate);
    }

    const Scheduler* scheduler_;
    std::int64_t rate_;
    Duration wall_ahead_{};
};

/// Random bytes drawn from the seed.
class SimEntropy final : public Entropy {
public:
    explicit SimEntropy(Random& random) : random_(&random) {}

    void fill(MutableBytes into) override {
        for (std::byte& byte : into) {
            byte = static_cast<std::byte>(random_->next());
        }
    }

private:
    Random* random_;
};

}  // namespace hw::sim
