#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw {

/// Port: the only source of time. Real in broker/runtime, virtual in the simulator.
class Clock {
public:
    virtual ~Clock() = default;

    /// Monotonic time, unrelated to the wall clock. For deadlines and lags.
    [[nodiscard]] virtual TimePoint now() const = 0;
    /// Wall-clock time in milliseconds since 1970; may jump in either direction. For timestamps
    /// that people see or records carry.
    [[nodiscard]] virtual Timestamp wall_now() const = 0;
};

}  // namespace hw
