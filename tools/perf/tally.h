#pragma once

#include <cstdint>
#include <map>

#include "protocol/wire/error_code.h"
#include "tools/perf/latency.h"

namespace hw::perf {

/// What became of the requests of a load.
struct Tally {
    std::uint64_t acknowledged = 0;  ///< requests
    std::map<wire::ErrorCode, std::uint64_t> refused;
    LatencyHistogram latency;  ///< of requests that were answered, with errors too

    [[nodiscard]] std::uint64_t answered() const {
        std::uint64_t sum = acknowledged;
        for (const auto& [code, count] : refused) {
            sum += count;
        }
        return sum;
    }
};

/// How many requests are still to be sent.
class Supply {
public:
    explicit Supply(std::uint64_t requests) : left_(requests) {}

    /// Takes one, if one is left.
    [[nodiscard]] bool take() {
        if (left_ == 0) {
            return false;
        }
        --left_;
        return true;
    }
    void stop() { left_ = 0; }
    [[nodiscard]] bool is_empty() const { return left_ == 0; }

private:
    std::uint64_t left_;
};

}  // namespace hw::perf
