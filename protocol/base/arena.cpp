#include "protocol/base/arena.h"

#include <algorithm>
#include <cstring>

namespace hw {

void* Arena::take(std::size_t size, std::size_t alignment) {
    used_ += size;
    std::size_t start = (position_ + alignment - 1) & ~(alignment - 1);
    if (chunks_.empty() || start + size > chunks_.back().size) {
        const std::size_t doubled = chunks_.empty() ? kFirstChunk : chunks_.back().size * 2;
        const std::size_t bounded = std::min(doubled, std::max(budget_, kFirstChunk));
        const std::size_t chunk_size = std::max(bounded, size);
        chunks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[chunk_size]), chunk_size});
        start = 0;
    }
    position_ = start + size;
    return chunks_.back().memory.get() + start;
}

std::string_view Arena::copy(std::string_view text) {
    char* memory = allocate<char>(text.size());
    if (memory == nullptr) {
        return {};
    }
    std::memcpy(memory, text.data(), text.size());
    return {memory, text.size()};
}

void Arena::reset(std::size_t budget) {
    if (chunks_.size() > 1 || (!chunks_.empty() && chunks_.front().size > kFirstChunk)) {
        chunks_.clear();
    }
    budget_ = budget;
    used_ = 0;
    position_ = 0;
}

}  // namespace hw
