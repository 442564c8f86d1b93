#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include <fmt/core.h>

namespace hw {

/// What kind of thing went wrong; callers branch on this, people read the message.
enum class ErrorKind : std::uint8_t {
    invalid,      ///< the caller's input breaks a rule
    not_found,    ///< what was named does not exist
    exists,       ///< what was to be made is there already
    corrupt,      ///< stored or received bytes fail a check
    limit,        ///< a named bound would be passed
    no_space,     ///< the disk is full
    io,           ///< the operating system reported another failure
    busy,         ///< held by somebody else: a port, a lock
    closed,       ///< the other side, or we, closed it
    timed_out,    ///< a deadline passed
    unsupported,  ///< understood, but not offered
    permission,   ///< the operating system or an operator forbids it
};

/// The name of a kind as it stands in logs, for example "no_space".
[[nodiscard]] const char* to_string(ErrorKind kind);

/// A failure that the world caused. The message says what, why, with the number and the name of
/// the limit or key, and what to do.
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

/// The error of errno `number` for a failed `what`, for example "open /data/x: Permission denied".
[[nodiscard]] Error system_error(int number, const std::string& what);

}  // namespace hw
