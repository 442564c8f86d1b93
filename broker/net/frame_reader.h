#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/base/bytes.h"

namespace hw::broker {

/// Cuts a byte stream into frames: a big-endian int32 size, then that many bytes.
///
/// Pure: it neither reads nor waits. A frame's size is known before its memory exists, so that the
/// connection can reserve first.
class FrameReader {
public:
    enum class Step : std::uint8_t {
        need_input,   ///< everything given was consumed; give more
        need_memory,  ///< size() is known; call admit() and go on
        complete,     ///< take() the frame, then go on
        invalid,      ///< size() is negative or over the limit; the stream is lost for good
    };

    /// `limit` is the largest accepted size in bytes (`socket.request.max.bytes`).
    explicit FrameReader(std::int32_t limit) : limit_(limit) {}

    /// Consumes from the front of `input` until something is needed of the caller.
    [[nodiscard]] Step next(ByteView& input);
    /// Size of the frame that is being read, without its four bytes of length; 0 until they are in.
    [[nodiscard]] std::int32_t size() const {
        return prefix_filled_ == kPrefix ? load_big_endian<std::int32_t>(prefix_.data()) : 0;
    }
    /// Takes the memory for the frame, of its size. After need_memory only.
    void admit(Buffer memory);
    /// After complete only.
    [[nodiscard]] Buffer take();

    /// Where the rest of an admitted frame belongs, so that it can be received without a copy;
    /// empty when no frame is admitted. Report what was put there by received().
    [[nodiscard]] MutableBytes unfilled();
    void received(std::size_t bytes) { filled_ += bytes; }

    /// True between the first byte of a frame and its last.
    [[nodiscard]] bool in_frame() const { return prefix_filled_ != 0; }

private:
    static constexpr std::size_t kPrefix = 4;

    std::int32_t limit_;
    std::array<std::byte, kPrefix> prefix_{};
    std::size_t prefix_filled_ = 0;
    bool admitted_ = false;
    Buffer frame_;
    std::size_t filled_ = 0;
};

}  // namespace hw::broker
