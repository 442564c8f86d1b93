#include "broker/net/answer_queue.h"

#include <algorithm>
#include <array>

#include "protocol/base/assert.h"

namespace hw::broker {

std::span<const ByteView> AnswerQueue::gather() {
    slices_.clear();
    std::size_t skip = sent_of_front_;
    for (const ExchangePtr& exchange : exchanges_) {
        if (!exchange->answered() || exchange->rejected() || slices_.size() >= kSlicesPerGather) {
            break;
        }
        for (const ByteView slice : exchange->answer().slices) {
            const std::size_t skipped = std::min(skip, slice.size());
            skip -= skipped;
            if (skipped < slice.size()) {
                slices_.push_back(slice.subspan(skipped));
            }
        }
    }
    return slices_;
}

void AnswerQueue::sent(std::size_t bytes) {
    sent_of_front_ += bytes;
    while (!exchanges_.empty() && exchanges_.front()->answered() && !ends_here() &&
           exchanges_.front()->answer().size <= sent_of_front_) {
        sent_of_front_ -= exchanges_.front()->answer().size;
        exchanges_.pop_front();
    }
}

bool AnswerQueue::has_open_write() const {
    return std::ranges::any_of(exchanges_, [](const ExchangePtr& exchange) {
        return !exchange->answered() && exchange->api().writes;
    });
}

bool AnswerQueue::ends_here() const {
    return !exchanges_.empty() && exchanges_.front()->rejected();
}

bool AnswerQueue::has_request_to_await() const {
    using schema::ApiKey;
    constexpr std::array kWaiting{ApiKey::fetch, ApiKey::join_group, ApiKey::sync_group};
    return std::ranges::any_of(exchanges_, [&](const ExchangePtr& exchange) {
        return std::ranges::count(kWaiting, static_cast<ApiKey>(exchange->api_key())) == 0;
    });
}

void AnswerQueue::detach_all() {
    for (const ExchangePtr& exchange : exchanges_) {
        exchange->detach();
    }
    exchanges_.clear();
    sent_of_front_ = 0;
}

}  // namespace hw::broker
