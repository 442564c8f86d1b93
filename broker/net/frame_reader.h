#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/base/bytes.h"

namespace hw::broker {

/// Cuts a byte stream into frames: a big-endian int32 size, then that many bytes.
///
/// Pure: it neither reads nor waits. A frame takes memory in steps, so that the connection can
/// reserve each of them first.
class FrameReader {
public:
    enum class Step : std::uint8_t {
        need_input,   ///< everything given was consumed; give more
        need_memory,  ///< size() is known; call admit() or grant(), and go on
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
    /// Takes the memory for the frame, of its size, of which nothing may be used before it is
    /// granted. After the first need_memory of a frame only.
    void admit(Buffer memory);
    /// Allows `bytes` more of the frame's memory to be used.
    void grant(std::size_t bytes);
    [[nodiscard]] bool admitted() const { return admitted_; }
    /// Bytes of the frame that are in, and those that nothing was granted for yet.
    [[nodiscard]] std::size_t filled() const { return filled_; }
    [[nodiscard]] std::size_t ungranted() const {
        return static_cast<std::size_t>(size()) - granted_;
    }
    /// After complete only.
    [[nodiscard]] Buffer take();

    /// Where the next bytes of an admitted frame belong, as far as they are granted, so that they
    /// can be received without a copy; may be empty. Report what was put there by received().
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
    std::size_t granted_ = 0;
    std::size_t filled_ = 0;  ///< at most granted_
};

}  // namespace hw::broker
