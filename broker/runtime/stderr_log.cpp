#include "broker/runtime/stderr_log.h"

#include <chrono>
#include <string>
#include <unistd.h>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace hw::broker {
namespace {

std::string_view name_of(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return "DEBUG";
        case LogLevel::info:
            return "INFO ";
        case LogLevel::warning:
            return "WARN ";
        case LogLevel::error:
            return "ERROR";
    }
    return "?";
}

void append_escaped(std::string& to, std::string_view text) {
    for (const char character : text) {
        const auto code = static_cast<unsigned char>(character);
        if (code < 0x20 || code == 0x7F) {
            to += fmt::format("\\x{:02x}", code);
        } else {
            to += character;
        }
    }
}

}  // namespace

void StderrLog::write(LogLevel level, std::string_view component, std::string_view line) {
    const std::int64_t now = clock_->wall_now().value();
    const std::time_t seconds = now / 1000;
    std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {} {}: ", fmt::gmtime(seconds),
                                   now % 1000, name_of(level), component);
    append_escaped(text, line);
    text += '\n';
    // A log line that cannot be written has nowhere to be reported.
    static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
}

}  // namespace hw::broker
