#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hw::perf {

/// Latencies in buckets that are at most 1/32 (3 %) wide, from 1 ns to centuries.
class LatencyHistogram {
public:
    void add(std::chrono::nanoseconds latency);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// The least bound that a share `quantile` (0 to 1) of all latencies does not pass; never more
    /// than the largest. 0 without latencies.
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

}  // namespace hw::perf
