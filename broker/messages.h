#pragma once

#include <chrono>
#include <string>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "broker/runtime/stderr_log.h"

namespace hw::broker {

/// Exit statuses of `highwater`.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;

/// How long a message waits for a reader.
inline constexpr std::chrono::seconds kMessageLimit{1};

/// Prints a text on standard output. A reader that does not read holds it up briefly only.
inline void say(std::string text) {
    write_within(kMessageLimit, STDOUT_FILENO, std::move(text));
}

/// Prints the reason why `highwater` ends, on standard error.
inline void complain(const std::string& text) {
    write_within(kMessageLimit, STDERR_FILENO, fmt::format("highwater: {}\n", text));
}

}  // namespace hw::broker
