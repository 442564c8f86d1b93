#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"

namespace hw::broker {

/// Log lines on standard error: "2026-01-31T12:00:00.123Z INFO storage: text". Control characters
/// in the text are escaped, so a client cannot forge a line. Any thread.
///
/// `write` never blocks: lines wait in memory, at most kMaxWaiting bytes of them, for a thread that
/// writes them. When that memory is full, because nobody reads standard error, lines are dropped;
/// the next line that finds room says how many. In a crash, a signal handler gives the thread time.
class StderrLog final : public LogSink {
public:
    static constexpr std::size_t kMaxWaiting = std::size_t{1} << 20;
    /// How long the end of the process waits for lines that nobody reads.
    static constexpr std::chrono::milliseconds kEndLimit{1000};

    /// Logs lines of `min_level` and above. `descriptor` is for tests.
    StderrLog(const Clock& clock, LogLevel min_level, int descriptor = STDERR_FILENO);
    /// Waits until all lines are written, for kEndLimit at most.
    ~StderrLog() override;
    StderrLog(const StderrLog&) = delete;
    StderrLog& operator=(const StderrLog&) = delete;

    void write(LogLevel level, std::string_view component, std::string_view line) override;
    [[nodiscard]] bool enabled(LogLevel level) const override { return level >= min_level_; }
    /// Waits until no line is left; false when that takes longer than `limit`.
    bool wait_until_written(std::chrono::milliseconds limit) const;
    /// Lets a failed assertion, or another signal that ends the process, wait for the lines logged
    /// before it. Call for one log per process.
    void install_crash_handler() const;

private:
    struct Queue;

    const Clock* clock_;
    LogLevel min_level_;
    /// Shared with the thread, which may be stuck in a write when this is destroyed.
    std::shared_ptr<Queue> queue_;
    std::thread thread_;
};

/// Writes text, but gives up after `limit`, so that it cannot hold up the end of a process.
void write_within(std::chrono::milliseconds limit, int descriptor, std::string text);

}  // namespace hw::broker
