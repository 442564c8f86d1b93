#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tools/client/group_lag.h"

namespace hw::cli {

/// How fast a group consumes and its topics are produced to, from its lags at several times. Does
/// no I/O and reads no clock. Used by one thread.
///
/// The rates are those since the oldest of the last kMaxSamples lags, because most clients commit
/// only every few seconds. They count partitions that are in both.
class GroupRate {
public:
    using TimePoint = std::chrono::steady_clock::time_point;
    static constexpr std::size_t kMaxSamples = 11;
    /// More than that, about a hundred years, is never.
    static constexpr std::chrono::hours kLongest{1'000'000};

    void add(const client::GroupLag& lag, TimePoint now);

    /// Committed records per second. Nothing: fewer than two lags.
    [[nodiscard]] std::optional<double> consumed() const;
    /// New records per second. Nothing: likewise.
    [[nodiscard]] std::optional<double> produced() const;
    /// How long it takes at these rates until nothing is unread; 0 if nothing is now. Nothing:
    /// never, or not known.
    [[nodiscard]] std::optional<client::Milliseconds> time_left() const;

private:
    struct Sample {
        TimePoint time;
        std::int64_t lag = 0;
        /// By partition: the committed offset, and the end.
        std::map<std::pair<std::string, PartitionIndex>, std::pair<Offset, Offset>> offsets;
    };

    /// The sum of what `of` gives for each partition in the newest less that in the oldest sample,
    /// per second.
    template <class Of>
    [[nodiscard]] std::optional<double> rate(const Of& of) const;

    std::deque<Sample> samples_;
};

}  // namespace hw::cli
