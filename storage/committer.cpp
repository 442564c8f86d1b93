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
    wake_.set();
    co_await tasks_.wait_idle();
}

Task<> Committer::run() {
    while (!stopping_ || round_) {
        const TimePoint deadline = due();
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
}

Task<> Committer::wait_for_round() {
    if (!round_) {
        co_return;
    }
    const auto ended = std::make_shared<Signal>();
    round_waiters_.push_back(ended);
    co_await home_->wait(*ended, kNever);
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
        // What waits inside an owner does not keep it; when it is called, the owner is there.
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
    const std::size_t full = (items_.size() + kLogsOfLane - 1) / kLogsOfLane;
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
        // With a failure the outcome is not looked at: the work may still write it.
        if (!failure_ && !item.outcome) {
            failure_ = item.outcome.error();
        }
        const Result<void> outcome =
            failure_ ? Result<void>(std::unexpected(*failure_)) : Result<void>();
        observer_(item.id, item.job.ticket, outcome);
        item.owner->end_sync(item.job.ticket, outcome);
    }
    --lanes_running_;
    end_round_if_done();
}

void Committer::end_round_if_done() {
    if (lanes_running_ == 0) {
        round_ = false;
        wake_.set();
        for (const auto& waiter : std::exchange(round_waiters_, {})) {
            waiter->set();
        }
    }
}

}  // namespace hw::storage
