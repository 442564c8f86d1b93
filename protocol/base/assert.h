#pragma once

/// HW_ASSERT(condition): what only this program can have done wrong. On in release builds, one
/// condition each, ends the process with file, line and the condition's text. What the world can
/// do to us is a Result (result.h), never an assertion.
#define HW_ASSERT(condition)                \
    (static_cast<bool>(condition) ? void(0) \
                                  : ::hw::assertion_failed(#condition, __FILE__, __LINE__))

namespace hw {

/// Writes the message to standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace hw
