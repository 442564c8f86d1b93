#include "protocol/base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace hw {

void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "highwater: assertion failed: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace hw
