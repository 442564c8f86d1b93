#include "storage/segment_list.h"

#include <algorithm>
#include <utility>

#include "protocol/base/assert.h"

namespace hw::storage {

SegmentList::SegmentList(std::vector<Segment> segments) {
    HW_ASSERT(!segments.empty());
    active_ = std::move(segments.back());
    segments.pop_back();
    auto sealed = std::make_shared<Sealed>();
    sealed->reserve(segments.size());
    for (Segment& segment : segments) {
        sealed->push_back(std::make_shared<const Segment>(std::move(segment)));
    }
    sealed_ = std::move(sealed);
}

std::size_t SegmentList::index_of(Offset offset) const {
    if (active_ && active_->base_offset() <= offset) {
        return sealed_->size();
    }
    const auto base = [](const std::shared_ptr<const Segment>& segment) {
        return segment->base_offset();
    };
    const auto after = std::ranges::upper_bound(*sealed_, offset, {}, base);
    return after == sealed_->begin() ? 0 : static_cast<std::size_t>(after - sealed_->begin()) - 1;
}

void SegmentList::roll(Segment next) {
    active_->seal();
    auto sealed = std::make_shared<Sealed>();
    sealed->reserve(sealed_->size() + 1);
    *sealed = *sealed_;
    sealed->push_back(std::make_shared<const Segment>(std::move(*active_)));
    sealed_ = std::move(sealed);
    active_ = std::move(next);
}

void SegmentList::remove_from(std::size_t index) {
    if (index < sealed_->size()) {
        const auto end = sealed_->begin() + static_cast<std::ptrdiff_t>(index);
        sealed_ = std::make_shared<const Sealed>(sealed_->begin(), end);
    }
    active_.reset();
}

}  // namespace hw::storage
