#pragma once

#include "protocol/base/clock.h"
#include "protocol/base/logger.h"

namespace hw::broker {

/// Log lines on standard error: "2026-01-31T12:00:00.123Z INFO storage: text". Control characters
/// in the text are escaped, so a client cannot forge a line. One write per line; any thread.
class StderrLog final : public LogSink {
public:
    StderrLog(const Clock& clock, LogLevel least) : clock_(&clock), least_(least) {}

    void write(LogLevel level, std::string_view component, std::string_view line) override;
    [[nodiscard]] bool enabled(LogLevel level) const override { return level >= least_; }

private:
    const Clock* clock_;
    LogLevel least_;
};

}  // namespace hw::broker
