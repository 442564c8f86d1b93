#include "tools/perf/tally.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hw::perf {

void LatencyHistogram::add(std::chrono::nanoseconds latency) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
    ++counts_[bucket_of(value)];
    ++count_;
    max_ = std::max(max_, latency);
}

std::chrono::nanoseconds LatencyHistogram::quantile(double quantile) const {
    const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
        seen += counts_[bucket];
        if (seen >= rank && seen > 0) {
            const auto bound = static_cast<std::int64_t>(last_of(bucket));
            return std::min(max_, std::chrono::nanoseconds(bound));
        }
    }
    return std::chrono::nanoseconds(0);
}

// Values below kPerOctave have a bucket each; from there on each octave is cut into kPerOctave.
std::size_t LatencyHistogram::bucket_of(std::uint64_t value) {
    if (value < kPerOctave) {
        return static_cast<std::size_t>(value);
    }
    const auto octave = static_cast<std::size_t>(std::bit_width(value)) - 1 - kPrecisionBits;
    const auto part = static_cast<std::size_t>(value >> octave) - kPerOctave;
    return (octave + 1) * kPerOctave + part;
}

std::uint64_t LatencyHistogram::last_of(std::size_t bucket) {
    if (bucket < kPerOctave) {
        return bucket;
    }
    const std::size_t octave = bucket / kPerOctave - 1;
    const std::uint64_t first = (bucket % kPerOctave + kPerOctave) << octave;
    return first + ((std::uint64_t{1} << octave) - 1);
}

}  // namespace hw::perf
