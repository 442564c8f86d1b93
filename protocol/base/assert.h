#pragma once

/// HW_ASSERT(condition): checks for a bug in this program. It is on in release builds, takes one
/// condition, and ends the process with file, line and the text of the condition. Failures that
/// clients, disks or the network can cause are a Result (result.h), never an assertion.
#define HW_ASSERT(condition)                \
    (static_cast<bool>(condition) ? void(0) \
                                  : ::hw::assertion_failed(#condition, __FILE__, __LINE__))

namespace hw {

/// Writes the message to standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace hw
