#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/base/logger.h"
#include "test/sim/scheduler.h"

namespace hw::sim {

/// The events of a run, including the nodes' log lines. Keeps the last ones for the report of a
/// failure, and passes every event to `echo`.
class EventTrace {
public:
    using Echo = std::function<void(const std::string& line)>;

    /// `echo` may be empty.
    EventTrace(const Scheduler& scheduler, Echo echo)
        : scheduler_(&scheduler), echo_(std::move(echo)) {}

    void add(std::string_view event) {
        const auto since_start = scheduler_->now().time_since_epoch();
        const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since_start);
        last_.push_back(
            fmt::format("{:>12.6f} s  {}", static_cast<double>(micros.count()) / 1e6, event));
        if (last_.size() > kKept) {
            last_.pop_front();
        }
        if (echo_) {
            echo_(last_.back());
        }
    }

    [[nodiscard]] const std::deque<std::string>& last() const { return last_; }

private:
    static constexpr std::size_t kKept = 40;

    const Scheduler* scheduler_;
    Echo echo_;
    std::deque<std::string> last_;
};

/// Adds the log lines of one node to the trace.
class NodeLog final : public LogSink {
public:
    NodeLog(EventTrace& trace, NodeTag node) : trace_(trace), node_(node) {}

    void write(LogLevel, std::string_view component, std::string_view line) override {
        trace_.add(fmt::format("node {} {}: {}", node_, component, line));
    }
    bool enabled(LogLevel level) const override { return level != LogLevel::debug; }

private:
    EventTrace& trace_;
    NodeTag node_;
};

}  // namespace hw::sim
