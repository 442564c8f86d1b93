#include "broker/coordinator/group/offset_cleaner.h"

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "controller/image/topic_name.h"

namespace hw::broker {

void OffsetCleaner::start() {
    ports_.groups.on_deleted_topics([this] {
        has_orphans_ = true;
        changed_.set();
    });
    tasks_.spawn(run());
}

Task<> OffsetCleaner::stop() {
    stopping_ = true;
    changed_.set();
    log_ends_.stop();
    co_await tasks_.wait_idle();
}

Task<> OffsetCleaner::run() {
    TimePoint next = ports_.clock.now() + options_.interval;
    while (!stopping_) {
        co_await ports_.shard.wait(changed_, next);
        if (stopping_) {
            co_return;
        }
        const TimePoint begin = ports_.clock.now() + (has_orphans_ ? kDeletionPause : Duration());
        while (!stopping_ && ports_.clock.now() < begin) {
            co_await ports_.shard.wait(changed_, begin);
        }
        const bool is_due = ports_.clock.now() >= next;
        if (is_due) {
            next = ports_.clock.now() + options_.interval;
        }
        if (std::exchange(has_orphans_, false) || is_due) {
            co_await pass(!is_due);
        }
    }
}

Task<> OffsetCleaner::pass(bool only_orphaned) {
    for (ReplicaPtr& replica : ports_.groups.hosted()) {
        co_await clean(std::move(replica), only_orphaned);
    }
}

Task<> OffsetCleaner::clean(ReplicaPtr replica, bool only_orphaned) {
    std::string after;
    for (bool is_end = false; !is_end && !stopping_;) {
        const auto image = ports_.image();
        std::optional<ExpiryPage> page;
        const auto look = [&](GroupMachine& groups, Decision& /*decision*/) {
            page = find_expired(groups, after, kPage,
                                {.retention = options_.retention,
                                 .now = ports_.clock.wall_now(),
                                 .image = image.get(),
                                 .only_orphaned = only_orphaned});
        };
        co_await act_at_group(ports_.shard, ports_.clock, replica, look);
        if (!page) {
            co_return;  // this broker is not the coordinator
        }
        co_await drop_unread(*page);
        co_await remove(replica, *page);
        is_end = page->is_end;
        after = std::move(page->last);
    }
}

Task<> OffsetCleaner::drop_unread(ExpiryPage& page) {
    std::set<LogEnds::Partition> asked;
    for (const ExpiredOffset& expired : page.offsets) {
        if (expired.expiry == Expiry::if_read) {
            asked.emplace(expired.topic, expired.partition);
        }
    }
    if (asked.empty()) {
        co_return;
    }
    const auto ends = co_await log_ends_.ask(ports_.image(), std::move(asked));
    std::erase_if(page.offsets, [&](const ExpiredOffset& expired) {
        if (expired.expiry != Expiry::if_read) {
            return false;
        }
        const auto end = ends.find({expired.topic, expired.partition});
        return end == ends.end() || expired.offset < end->second;
    });
}

Task<> OffsetCleaner::remove(const ReplicaPtr& replica, const ExpiryPage& page) {
    std::span<const ExpiredOffset> rest(page.offsets);
    std::span<const std::string> unused(page.unused_groups);
    std::size_t removed = 0;
    while ((!rest.empty() || !unused.empty()) && !stopping_) {
        const auto part = rest.first(std::min(rest.size(), kPage));
        const auto act = [&](GroupMachine& groups, Decision& decision) {
            decision.records = remove_expired(groups, part, unused);
            const std::size_t count = decision.records.size();
            decision.then.push_back([&removed, count](const wire::Refusal* refused, Decision&) {
                removed += refused == nullptr ? count : 0;
            });
        };
        co_await act_at_group(ports_.shard, ports_.clock, replica, act);
        rest = rest.subspan(part.size());
        unused = {};
    }
    if (removed > 0) {
        ports_.log.info(
            "{}-{}: removed {} committed offsets and empty groups, which have expired or whose "
            "topics were deleted",
            controller::kOffsetsTopic, replica->key().index, removed);
    }
}

}  // namespace hw::broker
