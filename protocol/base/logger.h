#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace hw {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Port: destination of log lines. Standard error in production, a trace in the simulator.
class LogSink {
public:
    virtual ~LogSink() = default;

    /// Writes one line. `line` has no line end; the sink escapes control characters in it. May be
    /// called from any thread.
    virtual void write(LogLevel level, std::string_view component, std::string_view line) = 0;
    [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;
};

/// Writes the log lines of one component, for example "storage". A small value to copy; the sink
/// must outlive it.
class Logger {
public:
    Logger(LogSink& sink, std::string_view component) : sink_(&sink), component_(component) {}

    /// A logger of another component with the same sink. `component` must be a literal.
    [[nodiscard]] Logger named(std::string_view component) const { return {*sink_, component}; }

    template <class... Args>
    void debug(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::debug, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void info(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::info, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void warning(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::warning, text, std::forward<Args>(args)...);
    }
    template <class... Args>
    void error(fmt::format_string<Args...> text, Args&&... args) const {
        write(LogLevel::error, text, std::forward<Args>(args)...);
    }

private:
    template <class... Args>
    void write(LogLevel level, fmt::format_string<Args...> text, Args&&... args) const {
        if (sink_->enabled(level)) {
            sink_->write(level, component_, fmt::format(text, std::forward<Args>(args)...));
        }
    }

    LogSink* sink_;
    std::string_view component_;
};

}  // namespace hw
