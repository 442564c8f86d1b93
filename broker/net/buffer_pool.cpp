#include "broker/net/buffer_pool.h"

#include <sanitizer/asan_interface.h>
#include <utility>

namespace hw::broker {

BufferPool::~BufferPool() {
    for (const Buffer& buffer : kept_) {
        ASAN_UNPOISON_MEMORY_REGION(buffer.data(), buffer.capacity());
    }
}

Buffer BufferPool::take(std::size_t size) {
    if (size > kCapacity) {
        return Buffer(size);
    }
    Buffer buffer;
    if (kept_.empty()) {
        buffer = Buffer(kCapacity);
    } else {
        buffer = std::move(kept_.back());
        kept_.pop_back();
        ASAN_UNPOISON_MEMORY_REGION(buffer.data(), buffer.capacity());
    }
    buffer.resize(size);
    return buffer;
}

void BufferPool::give(Buffer buffer) {
    if (buffer.capacity() == kCapacity && kept_.size() < kMaxKept) {
        // AddressSanitizer then finds uses of the buffer as if it had been freed.
        ASAN_POISON_MEMORY_REGION(buffer.data(), buffer.capacity());
        kept_.push_back(std::move(buffer));
    }
}

}  // namespace hw::broker
