#include "broker/net/frame_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::broker {
namespace {

/// Moves bytes from the front of `input` to `to`, at most `wanted`; returns how many.
std::size_t move_front(ByteView& input, std::byte* to, std::size_t wanted) {
    const std::size_t count = std::min(input.size(), wanted);
    if (count != 0) {
        std::memcpy(to, input.data(), count);
        input = input.subspan(count);
    }
    return count;
}

}  // namespace

FrameReader::Step FrameReader::next(ByteView& input) {
    if (prefix_filled_ < kPrefix) {
        prefix_filled_ +=
            move_front(input, prefix_.data() + prefix_filled_, kPrefix - prefix_filled_);
        if (prefix_filled_ < kPrefix) {
            return Step::need_input;
        }
    }
    if (size() < 0 || size() > limit_) {
        return Step::invalid;
    }
    if (!admitted_) {
        // A peer that announced a body and sent nothing of it gets no memory.
        return input.empty() && size() != 0 ? Step::need_input : Step::need_memory;
    }
    filled_ += move_front(input, frame_.data() + filled_, granted_ - filled_);
    if (filled_ == frame_.size()) {
        return Step::complete;
    }
    return filled_ == granted_ && !input.empty() ? Step::need_memory : Step::need_input;
}

void FrameReader::admit(Buffer memory) {
    HW_ASSERT(prefix_filled_ == kPrefix);
    HW_ASSERT(!admitted_);
    HW_ASSERT(memory.size() == static_cast<std::size_t>(size()));
    frame_ = std::move(memory);
    admitted_ = true;
}

void FrameReader::grant(std::size_t bytes) {
    HW_ASSERT(admitted_);
    HW_ASSERT(bytes <= ungranted());
    granted_ += bytes;
}

Buffer FrameReader::take() {
    HW_ASSERT(admitted_);
    HW_ASSERT(filled_ == frame_.size());
    prefix_filled_ = 0;
    admitted_ = false;
    granted_ = 0;
    filled_ = 0;
    return std::move(frame_);
}

MutableBytes FrameReader::unfilled() {
    if (!admitted_) {
        return {};
    }
    return frame_.bytes().subspan(filled_, granted_ - filled_);
}

}  // namespace hw::broker
