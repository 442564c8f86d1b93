#include "protocol/base/arena.h"

#include <algorithm>
#include <cstring>

namespace hw {

void Arena::lend(MutableBytes memory) {
    lent_ = memory;
    free_ = memory;
}

void* Arena::take(std::size_t size, std::size_t alignment) {
    void* place = free_.data();
    std::size_t room = free_.size();
    if (std::align(alignment, size, place, room) == nullptr) {
        const std::size_t doubled = chunks_.empty() ? kFirstChunk : chunks_.back().size * 2;
        const std::size_t bounded = std::min(doubled, std::max(budget_, kFirstChunk));
        room = std::max(bounded, size);
        if (source_ != nullptr && !source_->reserve(room)) {
            return nullptr;
        }
        chunks_.push_back({std::unique_ptr<std::byte[]>(new std::byte[room]), room});
        place = chunks_.back().memory.get();
    }
    used_ += size;
    free_ = MutableBytes(static_cast<std::byte*>(place), room).subspan(size);
    return place;
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
    free_ = lent_;
    if (!chunks_.empty()) {
        free_ = {chunks_.front().memory.get(), chunks_.front().size};
    }
    budget_ = budget;
    used_ = 0;
}

}  // namespace hw
