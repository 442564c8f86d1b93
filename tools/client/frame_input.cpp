#include "tools/client/frame_input.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace hw::client {
namespace {

constexpr std::size_t kLengthSize = sizeof(std::uint32_t);

}  // namespace

Result<FrameInput::Received> FrameInput::receive(Socket& socket) {
    if (position_ > 0) {
        std::memmove(bytes_.data(), bytes_.data() + position_, end_ - position_);
        end_ -= position_;
        position_ = 0;
    }
    const std::size_t wanted = std::max(read_ahead_, expected_) - end_;
    bytes_.resize(std::max(bytes_.size(), end_ + wanted));
    HW_TRY(received, socket.receive_now(MutableBytes(bytes_).subspan(end_, wanted)));
    end_ += received;
    return Received{.bytes = received, .may_have_more = received == wanted};
}

Result<std::optional<MutableBytes>> FrameInput::next() {
    const MutableBytes left = MutableBytes(bytes_).subspan(position_, end_ - position_);
    expected_ = 0;
    if (left.size() < kLengthSize) {
        return std::nullopt;
    }
    expected_ = kLengthSize + load_big_endian<std::uint32_t>(left.data());
    if (expected_ > max_bytes_) {
        return fail(ErrorKind::limit, "a frame of {} bytes is over the limit of {}", expected_,
                    max_bytes_);
    }
    if (left.size() < expected_) {
        return std::nullopt;
    }
    const MutableBytes frame = left.subspan(kLengthSize, expected_ - kLengthSize);
    position_ += expected_;
    expected_ = 0;
    return frame;
}

}  // namespace hw::client
