#pragma once

#include "protocol/base/clock.h"

namespace hw::broker {

/// The clocks of the operating system. Stateless; any thread.
class SystemClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override;
    [[nodiscard]] Timestamp wall_now() const override;
};

}  // namespace hw::broker
