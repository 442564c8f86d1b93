#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/result.h"

namespace hw::cli {

/// The lines of a descriptor, without their line feeds; what follows the last one is a line too.
/// Borrows both descriptors.
class LineReader {
public:
    static constexpr std::size_t kMaxLineBytes = 64 * 1024 * 1024;

    /// The input ends when `stop_descriptor` becomes readable.
    LineReader(int descriptor, int stop_descriptor)
        : descriptor_(descriptor), stop_descriptor_(stop_descriptor) {}

    /// Valid until the next call; none at the end. Errors: limit (kMaxLineBytes), io.
    [[nodiscard]] Result<std::optional<std::string_view>> next();

    /// Of the line that was not whole when the stop came.
    [[nodiscard]] std::size_t dropped_bytes() const { return dropped_bytes_; }

    /// True where `next` would have to wait for input.
    [[nodiscard]] bool would_wait() const;

private:
    enum class Input : bool { more, ended };

    [[nodiscard]] Result<Input> read_more();
    [[nodiscard]] std::string_view unread() const {
        return std::string_view(buffer_).substr(position_);
    }
    [[nodiscard]] std::string_view take(std::size_t line_size);

    int descriptor_;
    int stop_descriptor_;
    std::string buffer_;
    std::size_t position_ = 0;  ///< of the first unread byte
    std::size_t dropped_bytes_ = 0;
    bool has_ended_ = false;
};

}  // namespace hw::cli
