#pragma once

#include "protocol/base/clock.h"
#include "protocol/base/entropy.h"
#include "test/sim/scheduler.h"

namespace hw::sim {

/// The clocks of a simulated machine: virtual time, and a wall clock that starts at 2026-01-01 and
/// can be set wrong.
class SimClock final : public Clock {
public:
    explicit SimClock(const Scheduler& scheduler) : scheduler_(&scheduler) {}

    [[nodiscard]] TimePoint now() const override { return scheduler_->now(); }
    [[nodiscard]] Timestamp wall_now() const override {
        constexpr std::int64_t kStart = 1'767'225'600'000;
        const auto since_start = scheduler_->now().time_since_epoch();
        const auto shown = since_start + wall_ahead_;
        return Timestamp(kStart +
                         std::chrono::duration_cast<std::chrono::milliseconds>(shown).count());
    }

    /// Sets the wall clock ahead of the true time, or behind it if negative; `now` does not change.
    void set_wall(Duration ahead) { wall_ahead_ = ahead; }

private:
    const Scheduler* scheduler_;
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
