#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace hw {

/// The kind of a failure. Callers branch on it; people read the message.
enum class ErrorKind : std::uint8_t {
    invalid,      ///< the input breaks a rule
    not_found,    ///< the named thing does not exist
    exists,       ///< the thing to create already exists
    corrupt,      ///< stored or received bytes fail a check
    limit,        ///< a named limit would be exceeded
    no_space,     ///< the disk is full
    io,           ///< any other failure that the operating system reports
    busy,         ///< in use by somebody else, for example a port or a lock
    closed,       ///< either side has closed it
    timed_out,    ///< a deadline passed
    not_sent,     ///< nothing of the request was sent, so no other node has acted on it
    would_block,  ///< would wait for the disk, and the caller asked not to wait
    unsupported,  ///< understood, but not supported
    permission,   ///< forbidden by the operating system or an operator
};

/// The name of a kind as logs show it, for example "no_space".
[[nodiscard]] const char* to_string(ErrorKind kind);

/// A failure that a client, a disk, the network or a user caused. The message says what failed and
/// why, with the number and the name of the limit or key, and what to do.
struct Error {
    ErrorKind kind;
    std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

/// `return fail(ErrorKind::limit, "frame of {} bytes is over {}", size, limit);`
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> text,
                                          Args&&... args) {
    return std::unexpected(Error{kind, fmt::format(text, std::forward<Args>(args)...)});
}

/// Declares `name` as the value of a Result, or returns the Result's error from this function:
/// `HW_TRY(file, disk.open(path));`. Not for coroutines.
#define HW_TRY(name, ...)                                           \
    auto name##_or_error = (__VA_ARGS__);                           \
    if (!name##_or_error) {                                         \
        return std::unexpected(std::move(name##_or_error).error()); \
    }                                                               \
    auto& name = *name##_or_error

/// The same for a Result<void>: `HW_TRY_VOID(file.sync());`
#define HW_TRY_VOID(...)                                          \
    if (auto done_or_error = (__VA_ARGS__); !done_or_error) {     \
        return std::unexpected(std::move(done_or_error).error()); \
    }                                                             \
    static_assert(true)

/// The error for errno `number` after the failed operation `what`. The message is, for example,
/// "open /data/x: Permission denied".
[[nodiscard]] Error system_error(int number, const std::string& what);

}  // namespace hw
