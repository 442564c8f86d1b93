#include "storage/committer.h"

#include <utility>

namespace hw::storage {

Committer::Committer(Disk& disk, Shard& home, const Clock& clock, Settings settings,
                     Observer observer)
    : disk_(&disk),
      home_(&home),
      clock_(&clock),
      settings_(std::move(settings)),
      observer_(std::move(observer)),
      tasks_(home) {}

Task<> Committer::stop() {
    stopping_ = true;
    snapshots_.clear();  // each log writes a newer one when it is closed
    wake_.set();
    co_await tasks_.wait_idle();
}

Task<> Committer::run() {
    while (!stopping_ || round_ || snapshot_is_running_) {
        // No new round during a stop: closing the logs syncs what is still dirty.
        const TimePoint deadline = stopping_ ? kNever : due();
        co_await home_->wait(wake_, deadline);
        if (!round_ && !stopping_ && clock_->now() >= due()) {
            begin_round();
        }
    }
}

TimePoint Committer::due() const {
    if (round_ || dirty_.empty()) {
        return kNever;
    }
    const bool now = waited_for_ || dirty_bytes_ >= settings_.max_unsynced_bytes;
    return now ? first_dirty_ : first_dirty_ + settings_.interval;
}

void Committer::remove(LogId id) {
    owners_.erase(id);
    dirty_.erase(id);
    std::erase_if(snapshots_, [id](const Snapshot& each) { return each.id == id; });
}

Task<> Committer::wait_for_round() {
    if (round_) {
        co_await wait_in(round_waiters_);
    }
    if (snapshot_is_running_) {
        co_await wait_in(snapshot_waiters_);
    }
}

Task<> Committer::wait_in(Waiters& waiters) {
    const auto ended = std::make_shared<Signal>();
    waiters.push_back(ended);
    co_await home_->wait(*ended, kNever);
}

void Committer::wake_all(Waiters& waiters) {
    for (const auto& waiter : std::exchange(waiters, {})) {
        waiter->set();
    }
}

void Committer::request(LogId id, SyncUrgency urgency, std::uint64_t bytes) {
    home_->post([this, id, urgency, bytes] {
        const auto owner = owners_.find(id);
        if (owner == owners_.end()) {
            return;
        }
        if (dirty_.empty()) {
            first_dirty_ = clock_->now();
        }
        dirty_.insert(*owner);
        dirty_bytes_ += bytes;
        waited_for_ = waited_for_ || urgency == SyncUrgency::waited_for;
        wake_.set();
    });
}

void Committer::begin_round() {
    round_ = true;
    waited_for_ = false;
    dirty_bytes_ = 0;
    const auto members = std::exchange(dirty_, {});
    to_collect_ = members.size();
    for (const auto& [member_id, member] : members) {
        // Weak, because the owner may store this callback, and a strong reference would keep the
        // owner alive. The owner exists when it calls back.
        member->begin_sync(
            [this, id = member_id, weak = std::weak_ptr(member)](std::optional<SyncJob> job) {
                home_->post([this, id, owner = weak.lock(), job = std::move(job)]() mutable {
                    collected(id, owner, std::move(job));
                });
            });
    }
}

void Committer::collected(LogId id, const std::shared_ptr<LogOwner>& owner,
                          std::optional<SyncJob> job) {
    if (job) {
        items_.push_back({id, owner, std::move(*job), {}});
    }
    if (--to_collect_ == 0) {
        sync_collected();
    }
}

void Committer::sync_collected() {
    const std::size_t full = (items_.size() + kMaxLogsPerWork - 1) / kMaxLogsPerWork;
    const std::size_t count = std::max(full, std::min(settings_.lanes, items_.size()));
    std::vector<std::shared_ptr<Lane>> lanes(count);
    for (auto& lane : lanes) {
        lane = std::make_shared<Lane>();
    }
    for (std::size_t i = 0; i < items_.size(); ++i) {
        lanes[i % lanes.size()]->push_back(std::move(items_[i]));
    }
    items_.clear();
    lanes_running_ = lanes.size();
    for (const auto& lane : lanes) {
        auto work = [lane] {
            for (Item& item : *lane) {
                item.outcome = item.job.run();
            }
        };
        disk_->run_blocking(settings_.directory, *home_, std::move(work),
                            [this, lane](BlockingEnd end) { end_lane(*lane, end); });
    }
    end_round_if_done();
}

void Committer::end_lane(Lane& lane, BlockingEnd end) {
    if (end == BlockingEnd::abandoned && !failure_) {
        failure_ = abandoned_error(settings_.directory);
    }
    for (Item& item : lane) {
        // After a failure the outcome is not read: abandoned work may still write it.
        if (!failure_ && !item.outcome) {
            failure_ = item.outcome.error();
        }
        const Result<void> outcome =
            failure_ ? Result<void>(std::unexpected(*failure_)) : Result<void>();
        observer_(item.id, item.job.ticket, outcome);
        item.owner->end_sync(item.job.ticket, outcome);
        if (item.job.snapshot && outcome && !stopping_ && owners_.contains(item.id)) {
            snapshots_.push_back({item.id, item.owner, std::move(*item.job.snapshot), {}});
        }
    }
    begin_snapshot();
    --lanes_running_;
    end_round_if_done();
}

void Committer::end_round_if_done() {
    if (lanes_running_ == 0) {
        round_ = false;
        wake_.set();
        wake_all(round_waiters_);
    }
}

void Committer::begin_snapshot() {
    if (snapshot_is_running_ || snapshots_.empty()) {
        return;
    }
    snapshot_is_running_ = true;
    const auto running = std::make_shared<Snapshot>(std::move(snapshots_.front()));
    snapshots_.pop_front();
    disk_->run_blocking(
        settings_.directory, *home_, [running] { running->outcome = running->job.run(); },
        [this, running](BlockingEnd end) { end_snapshot(*running, end); });
}

/// A failed snapshot does not set failure_: the log decides whether it still matters.
void Committer::end_snapshot(Snapshot& snapshot, BlockingEnd end) {
    snapshot_is_running_ = false;
    const Result<void> outcome = end == BlockingEnd::done
                                     ? snapshot.outcome
                                     : std::unexpected(abandoned_error(settings_.directory));
    snapshot.owner->end_snapshot(snapshot.job, outcome);
    begin_snapshot();
    wake_.set();
    wake_all(snapshot_waiters_);
}

}  // namespace hw::storage
