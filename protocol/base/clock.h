#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/time.h"

namespace hw {

/// Port: the only look at the time. Real in broker/runtime, virtual in the simulator.
class Clock {
public:
    virtual ~Clock() = default;

    /// Never goes back; unrelated to the wall clock. For deadlines and lags.
    [[nodiscard]] virtual TimePoint now() const = 0;
    /// Milliseconds since 1970; may jump either way. For timestamps that people or records see.
    [[nodiscard]] virtual Timestamp wall_now() const = 0;
};

}  // namespace hw
