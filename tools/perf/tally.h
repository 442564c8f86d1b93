#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "protocol/wire/error_code.h"

/// Counters of a load: requests still to be sent, answers, latencies.
namespace hw::perf {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A histogram of latencies from 1 ns to centuries, with buckets that are at most 1/32 (3 %) wide.
class LatencyHistogram {
public:
    void add(std::chrono::nanoseconds latency);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// An upper bound of a quantile (0 to 1) of all latencies, at most 3 % above the exact one and
    /// never above the largest latency. 0 without latencies.
    [[nodiscard]] std::chrono::nanoseconds quantile(double quantile) const;
    /// Exact.
    [[nodiscard]] std::chrono::nanoseconds max() const { return max_; }

private:
    static constexpr unsigned kPrecisionBits = 5;
    static constexpr std::size_t kPerOctave = std::size_t{1} << kPrecisionBits;
    static constexpr std::size_t kBuckets = (64 - kPrecisionBits + 1) * kPerOctave;

    [[nodiscard]] static std::size_t bucket_of(std::uint64_t value);
    [[nodiscard]] static std::uint64_t last_of(std::size_t bucket);

    std::array<std::uint64_t, kBuckets> counts_{};
    std::uint64_t count_ = 0;
    std::chrono::nanoseconds max_{0};
};

/// Number of requests that were answered with each error.
using Refusals = std::map<wire::ErrorCode, std::uint64_t>;

/// Outcomes of the requests of a load.
struct Tally {
    std::uint64_t acknowledged = 0;  ///< requests that were answered without an error
    std::uint64_t bytes = 0;         ///< of the batches in these requests or their answers
    std::uint64_t records = 0;       ///< in these batches
    Refusals refused;
    LatencyHistogram latency;  ///< of all answers, with errors too
};

/// The requests that are still to be sent: as fast as possible, or one per interval.
class Supply {
public:
    explicit Supply(std::uint64_t requests) : left_(requests) {}

    /// From now on a request is due every `interval`, the first one at `start`.
    void pace(SteadyTime start, std::chrono::nanoseconds interval) {
        next_due_ = start;
        interval_ = interval;
    }
    /// Takes a request that is due, and returns the time from which its latency counts: when it was
    /// due, even if it could not be taken then; `now` for a load without pace. None when none is
    /// due or left.
    [[nodiscard]] std::optional<SteadyTime> take(SteadyTime now) {
        if (left_ == 0 || (next_due_ && *next_due_ > now)) {
            return std::nullopt;
        }
        --left_;
        const SteadyTime due = next_due_.value_or(now);
        if (next_due_) {
            *next_due_ += interval_;
        }
        return due;
    }
    void stop() { left_ = 0; }
    [[nodiscard]] bool is_empty() const { return left_ == 0; }

private:
    std::uint64_t left_;
    std::optional<SteadyTime> next_due_;
    std::chrono::nanoseconds interval_{0};
};

}  // namespace hw::perf
