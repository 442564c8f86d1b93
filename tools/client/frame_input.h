#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "tools/client/socket.h"

namespace hw::client {

/// Splits the bytes received from a socket into frames (four bytes of length, then the content). A
/// large frame is received directly into place, many small ones with one call. Used by one thread.
class FrameInput {
public:
    /// Receives up to `read_ahead` bytes while the size of the next frame is unknown. Frames of
    /// more than `max_bytes`, including their length, are refused.
    FrameInput(std::size_t read_ahead, std::size_t max_bytes)
        : read_ahead_(read_ahead), max_bytes_(max_bytes), bytes_(read_ahead) {}

    /// Bytes received without waiting, and whether the socket may have more.
    struct Received {
        std::size_t bytes = 0;
        bool may_have_more = false;
    };

    /// Receives the bytes that are there now. Invalidates frames that `next` returned. Errors:
    /// closed.
    [[nodiscard]] Result<Received> receive(Socket& socket);

    /// The next frame without its length, valid until `receive`; nothing until it is complete.
    /// Errors: limit.
    [[nodiscard]] Result<std::optional<MutableBytes>> next();

private:
    std::size_t read_ahead_;
    std::size_t max_bytes_;
    std::vector<std::byte> bytes_;
    std::size_t position_ = 0;  ///< of the first byte that `next` has not returned
    std::size_t end_ = 0;       ///< of the received bytes
    std::size_t expected_ = 0;  ///< size of the frame at `position_`, with its length; 0: unknown
};

}  // namespace hw::client
