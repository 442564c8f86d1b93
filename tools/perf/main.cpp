#include "tools/perf/perf_produce.h"

int main(int count, char** values) {
    return hw::perf::run_perf_produce({values + 1, values + count});
}
