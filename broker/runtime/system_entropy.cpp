#include "broker/runtime/system_entropy.h"

#include <sys/random.h>

#include "protocol/base/assert.h"

namespace hw::broker {

void SystemEntropy::fill(MutableBytes into) {
    while (!into.empty()) {
        const ssize_t filled = ::getrandom(into.data(), into.size(), 0);
        HW_ASSERT(filled > 0);
        into = into.subspan(static_cast<std::size_t>(filled));
    }
}

}  // namespace hw::broker
