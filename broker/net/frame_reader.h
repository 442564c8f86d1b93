#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "protocol/base/bytes.h"

namespace hw::broker {

/// Cuts a byte stream into frames: a big-endian int32 size, then that many bytes.
///
/// Does no I/O and never waits. A frame takes memory in steps, so that the connection can reserve
/// each step first.
class FrameReader {
public:
    enum class Step : std::uint8_t {
        need_input,   ///< everything given was consumed; give more
        need_memory,  ///< size() is known; call admit() or grant(), and go on
        complete,     ///< take() the frame, then go on
        invalid,      ///< size() is negative or over the limit; the stream cannot be read on
    };

    /// `limit` is the largest accepted size in bytes (`socket.request.max.bytes`).
    explicit FrameReader(std::int32_t limit) : limit_(limit) {}

    /// Consumes bytes from the front of `input` until the caller has to act.
    [[nodiscard]] Step next(ByteView& input);
    /// Size of the current frame, without its four bytes of length; 0 until these have arrived.
    [[nodiscard]] std::int32_t size() const {
        return prefix_filled_ == kPrefix ? load_big_endian<std::int32_t>(prefix_.data()) : 0;
    }
    /// Sets the frame's buffer, which has its size. No part of it is used before it is granted.
    /// Call after the first need_memory of a frame.
    void admit(Buffer memory);
    /// Allows `bytes` more of the frame's memory to be used.
    void grant(std::size_t bytes);
    [[nodiscard]] bool admitted() const { return admitted_; }
    /// Bytes of the frame that have arrived, and bytes that are not granted yet.
    [[nodiscard]] std::size_t filled() const { return filled_; }
    [[nodiscard]] std::size_t ungranted() const {
        return static_cast<std::size_t>(size()) - granted_;
    }
    /// Returns the frame. Call after `complete`.
    [[nodiscard]] Buffer take();

    /// The granted part of the frame's buffer that is not filled yet, to receive bytes without a
    /// copy; may be empty. Report bytes that were put there with received().
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
