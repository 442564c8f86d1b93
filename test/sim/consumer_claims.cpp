#include "test/sim/consumer_claims.h"

#include <algorithm>

namespace hw::sim {

void ConsumerClaims::begin(MemberName name) {
    name_ = std::move(name);
    late_.clear();
}

void ConsumerClaims::on_answer(TimePoint sent, TimePoint done,
                               const std::optional<Partitions>& given, bool must_give_up) {
    const bool was_settled = settled_ != TimePoint();
    if (!must_give_up) {
        gives_up_.reset();
        first_join_.reset();
    } else if (!gives_up_) {
        gives_up_ = was_settled ? settled_ : sent;
    }
    heard_ = sent;
    settled_ = sent;
    if (name_.instance && !instance_) {
        instance_ = done;
    }
    for (const std::int32_t partition : given.value_or(Partitions())) {
        const bool is_sure = std::ranges::all_of(
            late_, [&](const Late& late) { return late.owned.contains(partition); });
        if (is_sure) {
            partitions_.try_emplace(partition, done);
        }
    }
}

void ConsumerClaims::on_joined(TimePoint sent) {
    heard_ = sent;
    settled_ = std::max(settled_, first_join_.value_or(sent));
}

void ConsumerClaims::on_silence(std::int32_t epoch, Partitions owned) {
    late_.push_back({epoch, std::move(owned)});
}

void ConsumerClaims::on_epoch(std::int32_t oldest) {
    std::erase_if(late_, [&](const Late& late) { return late.epoch < oldest; });
}

/// A request whose answer was lost, or a JoinGroup, may have begun what the member has to give up.
TimePoint ConsumerClaims::lease_end() const {
    return std::min(heard_ + limits_.session, gives_up_.value_or(settled_) + limits_.rebalance);
}

void ConsumerClaims::keep(const Partitions& owned, TimePoint now) {
    for (auto at = partitions_.begin(); at != partitions_.end();) {
        if (owned.contains(at->first)) {
            ++at;
        } else {
            report(at->first, at->second, now);
            at = partitions_.erase(at);
        }
    }
}

void ConsumerClaims::end(TimePoint now) {
    keep({}, now);
    if (instance_) {
        report(std::nullopt, *instance_, now);
    }
    instance_.reset();
    gives_up_.reset();
    first_join_.reset();
    heard_ = {};
    settled_ = {};
}

void ConsumerClaims::report(std::optional<std::int32_t> partition, TimePoint from,
                            TimePoint until) {
    const TimePoint end = std::min(until, lease_end());
    if (from < end) {
        judge_.on_claim(group_, {name_, partition, from, end});
    }
}

}  // namespace hw::sim
