#include "test/sim/offset_judge.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace hw::sim {
namespace {

/// The operations that wrote and read one offset, or that found or left nothing committed. All of
/// them come after the writes before, and before the writes after (Gibbons and Korach 1997).
struct Cluster {
    Offset offset = kNoOffset;
    TimePoint first_done = TimePoint::max();
    TimePoint last_sent = TimePoint::min();

    void add(TimePoint sent, TimePoint done) {
        first_done = std::min(first_done, done);
        last_sent = std::max(last_sent, sent);
    }
    /// An operation ended before another one of the same offset was sent. No operation of another
    /// offset may lie between them.
    [[nodiscard]] bool has_inside() const { return first_done < last_sent; }
};

std::string text(Offset offset) {
    return offset == kNoOffset ? "nothing" : fmt::format("{}", offset);
}

std::string text(TimePoint at) {
    return fmt::format("{:.6f} s", std::chrono::duration<double>(at.time_since_epoch()).count());
}

/// Judges one register.
class RegisterCheck {
public:
    RegisterCheck(const std::vector<OffsetWrite>& writes, const std::vector<OffsetRead>& reads)
        : writes_(writes), reads_(reads) {}

    [[nodiscard]] std::optional<std::string> run() {
        for (const OffsetWrite& write : writes_) {
            if (write.offset == kNoOffset) {
                removals_.push_back(write);
            } else {
                commits_[write.offset] = write;
            }
        }
        check_sources();
        if (broken_) {
            return std::move(broken_);
        }
        arrange();
        check_order();
        check_nothing();
        return std::move(broken_);
    }

private:
    /// What is read was sent before, and not refused.
    void check_sources() {
        for (const OffsetRead& read : reads_) {
            if (read.offset == kNoOffset) {
                continue;
            }
            const auto commit = commits_.find(read.offset);
            if (commit == commits_.end()) {
                fail("{} was read at {}, but never committed", text(read.offset), text(read.done));
            } else if (commit->second.outcome == WriteOutcome::refused) {
                fail("{} was read at {}, but its commit was refused", text(read.offset),
                     text(read.done));
            } else if (read.done < commit->second.sent) {
                fail("{} was read at {}, before it was committed at {}", text(read.offset),
                     text(read.done), text(commit->second.sent));
            }
        }
    }

    void arrange() {
        for (const auto& [offset, commit] : commits_) {
            const bool is_done = commit.outcome == WriteOutcome::acknowledged;
            by_offset_[offset] = {.offset = offset};
            by_offset_[offset].add(commit.sent, is_done ? commit.done : TimePoint::max());
        }
        for (const OffsetRead& read : reads_) {
            if (!read.is_current()) {
                continue;
            }
            if (read.offset == kNoOffset) {
                add_nothing(read.sent, read.done);
            } else {
                by_offset_[read.offset].add(read.sent, read.done);
            }
        }
        for (const OffsetWrite& removal : removals_) {
            if (removal.outcome == WriteOutcome::acknowledged) {
                add_nothing(removal.sent, removal.done);
            }
        }
        for (const auto& [offset, cluster] : by_offset_) {
            // A commit of unknown outcome that nobody has read is not in force yet.
            if (cluster.first_done != TimePoint::max()) {
                (cluster.has_inside() ? long_ : short_).push_back(cluster);
            }
        }
    }
    /// "Nothing" comes back with each removal, so its operations do not belong together.
    void add_nothing(TimePoint sent, TimePoint done) { short_.push_back({kNoOffset, done, sent}); }

    void check_order() {
        std::ranges::sort(long_, {}, &Cluster::first_done);
        for (std::size_t i = 1; i < long_.size(); ++i) {
            if (long_[i].first_done < long_[i - 1].last_sent) {
                fail_order(long_[i - 1], long_[i]);
                return;
            }
        }
        for (const Cluster& inner : short_) {
            const auto after =
                std::ranges::lower_bound(long_, inner.last_sent, {}, &Cluster::first_done);
            if (after != long_.begin() && inner.first_done < std::prev(after)->last_sent) {
                fail_order(*std::prev(after), inner);
                return;
            }
        }
    }

    /// Nothing is read before the first commit, or after a removal that no commit has followed.
    void check_nothing() {
        for (const OffsetRead& read : reads_) {
            if (read.offset != kNoOffset || !read.is_current()) {
                continue;
            }
            TimePoint since = TimePoint::min();
            for (const OffsetWrite& removal : removals_) {
                if (removal.outcome != WriteOutcome::refused && removal.sent < read.done) {
                    const bool is_done = removal.outcome == WriteOutcome::acknowledged;
                    since = std::max(since, is_done ? removal.done : TimePoint::max());
                }
            }
            check_nothing(read, since);
        }
    }
    /// The last removal that the read can have found ended at `since`.
    void check_nothing(const OffsetRead& read, TimePoint since) {
        for (const auto& [offset, cluster] : by_offset_) {
            if (cluster.first_done < read.sent && since < commits_.at(offset).sent) {
                fail("nothing was read by a request of {}, but {} was there at {} and not removed",
                     text(read.sent), text(offset), text(cluster.first_done));
            }
        }
    }

    void fail_order(const Cluster& outer, const Cluster& inner) {
        fail(
            "{} was there at {} and, for a request of {}, again or still. But between these, {} "
            "was there at {} for a request of {}",
            text(outer.offset), text(outer.first_done), text(outer.last_sent), text(inner.offset),
            text(inner.first_done), text(inner.last_sent));
    }
    template <class... Args>
    void fail(fmt::format_string<Args...> format, Args&&... args) {
        if (!broken_) {
            broken_ = fmt::format(format, std::forward<Args>(args)...);
        }
    }

    const std::vector<OffsetWrite>& writes_;
    const std::vector<OffsetRead>& reads_;
    std::map<Offset, OffsetWrite> commits_;
    std::vector<OffsetWrite> removals_;
    std::map<Offset, Cluster> by_offset_;  ///< of the commits
    std::vector<Cluster> long_;            ///< those with an inside
    std::vector<Cluster> short_;           ///< the others
    std::optional<std::string> broken_;
};

}  // namespace

OffsetJudge::OffsetJudge(std::vector<std::string> names) {
    for (std::string& name : names) {
        registers_.push_back({std::move(name), {}, {}});
    }
}

void OffsetJudge::on_write(RegisterNumber number, const OffsetWrite& write) {
    registers_[number.value()].writes.push_back(write);
    acknowledged_ += write.outcome == WriteOutcome::acknowledged ? 1 : 0;
}

void OffsetJudge::on_read(RegisterNumber number, const OffsetRead& read) {
    registers_[number.value()].reads.push_back(read);
    ++read_;
    read_at_replaced_ += read.leadership == Leadership::replaced ? 1 : 0;
}

std::uint64_t OffsetJudge::stale_reads() const {
    std::uint64_t count = 0;
    for (const Register& each : registers_) {
        for (std::size_t i = 0; i < each.reads.size(); ++i) {
            if (each.reads[i].leadership == Leadership::replaced) {
                std::vector<OffsetRead> reads = each.reads;
                reads[i].leadership = Leadership::newest;
                count += RegisterCheck(each.writes, reads).run() ? 1 : 0;
            }
        }
    }
    return count;
}

std::optional<std::string> OffsetJudge::judge() const {
    for (const Register& each : registers_) {
        if (auto broken = RegisterCheck(each.writes, each.reads).run()) {
            return fmt::format("the offset of {}: {}", each.name, *broken);
        }
    }
    return std::nullopt;
}

}  // namespace hw::sim
