#pragma once

#include "protocol/base/bytes.h"

namespace hw {

/// Port: the only source of unpredictable bytes. Real in broker/runtime, seeded in the simulator.
class Entropy {
public:
    virtual ~Entropy() = default;

    virtual void fill(MutableBytes into) = 0;
};

}  // namespace hw
