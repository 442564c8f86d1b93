#include "tools/cli/group_rate.h"

#include <algorithm>

namespace hw::cli {

void GroupRate::add(const client::GroupLag& lag, TimePoint now) {
    Sample sample{.time = now, .lag = lag.lag(), .offsets = {}};
    for (const client::GroupPartition& partition : lag.partitions) {
        if (partition.committed && partition.log) {
            sample.offsets[{partition.name.topic, partition.name.partition}] = {
                *partition.committed, partition.log->end_offset};
        }
    }
    samples_.push_back(std::move(sample));
    if (samples_.size() > kMaxSamples) {
        samples_.pop_front();
    }
}

template <class Of>
std::optional<double> GroupRate::rate(const Of& of) const {
    if (samples_.size() < 2 || samples_.front().time == samples_.back().time) {
        return std::nullopt;
    }
    std::int64_t sum = 0;
    for (const auto& [name, now] : samples_.back().offsets) {
        if (const auto before = samples_.front().offsets.find(name);
            before != samples_.front().offsets.end()) {
            sum += of(now) - of(before->second);
        }
    }
    const std::chrono::duration<double> passed = samples_.back().time - samples_.front().time;
    return static_cast<double>(sum) / passed.count();
}

std::optional<double> GroupRate::consumed() const {
    return rate([](const std::pair<Offset, Offset>& offsets) { return offsets.first; });
}

std::optional<double> GroupRate::produced() const {
    return rate([](const std::pair<Offset, Offset>& offsets) { return offsets.second; });
}

std::optional<client::Milliseconds> GroupRate::time_left() const {
    if (samples_.empty()) {
        return std::nullopt;
    }
    const std::int64_t lag = samples_.back().lag;
    if (lag == 0) {
        return client::Milliseconds(0);
    }
    const double gained = consumed().value_or(0) - produced().value_or(0);
    const std::chrono::duration<double> left(static_cast<double>(lag) / gained);
    if (gained <= 0 || left > kLongest) {
        return std::nullopt;
    }
    return std::chrono::duration_cast<client::Milliseconds>(left);
}

}  // namespace hw::cli
