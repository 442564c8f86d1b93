#pragma once

#include "protocol/base/entropy.h"

namespace hw::broker {

/// Random bytes of the operating system (getrandom). Stateless; any thread.
class SystemEntropy final : public Entropy {
public:
    void fill(MutableBytes into) override;
};

}  // namespace hw::broker
