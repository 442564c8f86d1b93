#include "replication/partition/wait_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hw::replication {
namespace {

/// Inserts a wait, ordered by end offset. A new wait is not always the last one: a retry of an old
/// batch has a lower end offset.
void insert_in_order(std::vector<AppendWait>& waits, AppendWait wait) {
    const auto place =
        std::ranges::upper_bound(waits, wait.end_offset, {}, &AppendWait::end_offset);
    waits.insert(place, std::move(wait));
}

void answer(AppendWait& wait) {
    if (auto slot = wait.slot.lock()) {
        ProduceSlot::answer(std::move(slot), std::move(wait.outcome));
    }
}

void fail(std::vector<AppendWait>& waits, const wire::Refusal& error) {
    for (AppendWait& wait : waits) {
        wait.outcome = {};
        wait.outcome.code = error.code;
        wait.outcome.message = error.message;
        answer(wait);
    }
    waits.clear();
}

std::uint64_t bytes_in(OffsetScope scope, const PartitionProgress& progress) {
    return scope == OffsetScope::whole_log ? progress.written_bytes : progress.readable_bytes;
}

bool is_ended(const AppendWait& wait) {
    return wait.slot.expired();
}

}  // namespace

void WaitQueue::add(AppendWait wait) {
    auto& waits = wait.awaited == Awaited::durable_end ? by_durable_ : by_watermark_;
    insert_in_order(waits, std::move(wait));
}

bool WaitQueue::add(const FetchWatch& watch, const PartitionProgress& progress) {
    sweep_fetches();
    if (fetches_.size() >= kMaxFetches) {
        return false;
    }
    fetches_.push_back({watch});
    if (bytes_in(watch.scope, progress) > watch.seen_bytes ||
        progress.high_watermark > watch.known_watermark) {
        report_to_fetches(progress);
    }
    return true;
}

void WaitQueue::on_progress(const PartitionProgress& progress) {
    const auto reached = [](std::vector<AppendWait>& waits, Offset offset) {
        return std::ranges::upper_bound(waits, offset, {}, &AppendWait::end_offset);
    };
    const auto watermark_end = reached(by_watermark_, progress.high_watermark);
    for (auto wait = by_watermark_.begin(); wait != watermark_end; ++wait) {
        if (wait->awaited == Awaited::both) {
            // It may be durable already: then the loop over `by_durable_`, which comes next,
            // answers it in this call.
            insert_in_order(by_durable_, std::move(*wait));
        } else {
            answer(*wait);
        }
    }
    by_watermark_.erase(by_watermark_.begin(), watermark_end);
    const auto durable_end = reached(by_durable_, progress.durable_end_offset);
    std::for_each(by_durable_.begin(), durable_end, answer);
    by_durable_.erase(by_durable_.begin(), durable_end);
    report_to_fetches(progress);
}

void WaitQueue::fail_appends(const wire::Refusal& error) {
    fail(by_watermark_, error);
    fail(by_durable_, error);
}

void WaitQueue::fail_appends_below_watermark(const wire::Refusal& error) {
    fail(by_watermark_, error);
}

bool WaitQueue::anyone_awaits_watermark() const {
    return !by_watermark_.empty() || std::ranges::any_of(fetches_, [](const Fetch& fetch) {
        return fetch.watch.scope == OffsetScope::readable ||
               fetch.watch.known_watermark != FetchPosition::kNoReaders;
    });
}

void WaitQueue::finish_fetches() {
    for (const Fetch& fetch : fetches_) {
        DelayedFetch::finish(fetch.watch.wait);
    }
    fetches_.clear();
}

void WaitQueue::drop_ended_appends() {
    std::erase_if(by_watermark_, is_ended);
    std::erase_if(by_durable_, is_ended);
}

void WaitQueue::report_to_fetches(const PartitionProgress& progress) {
    std::erase_if(fetches_, [&](Fetch& fetch) {
        const FetchWatch& watch = fetch.watch;
        const std::uint64_t bytes = bytes_in(watch.scope, progress);
        const auto gained = std::min(bytes - watch.seen_bytes, watch.max_bytes);
        if (gained > fetch.reported_bytes) {
            DelayedFetch::report_bytes(watch.wait, gained - fetch.reported_bytes);
            fetch.reported_bytes = gained;
        }
        report_watermark(fetch, progress.high_watermark);
        return gained == watch.max_bytes || watch.wait.expired();
    });
}

void WaitQueue::report_watermark(Fetch& fetch, Offset high_watermark) {
    if (high_watermark > fetch.watch.known_watermark && !std::exchange(fetch.ends_soon, true)) {
        DelayedFetch::end_by(fetch.watch.wait, clock_->now() + kWatermarkPause);
    }
}

/// Checks two fetches per new fetch, and drops those that have ended. So fetches that ended at
/// their deadline are removed even if the partition is idle, without a scan of all.
void WaitQueue::sweep_fetches() {
    for (int looks = 0; looks < 2 && !fetches_.empty(); ++looks) {
        swept_ = swept_ + 1 < fetches_.size() ? swept_ + 1 : 0;
        if (fetches_[swept_].watch.wait.expired()) {
            std::swap(fetches_[swept_], fetches_.back());
            fetches_.pop_back();
        }
    }
}

}  // namespace hw::replication
