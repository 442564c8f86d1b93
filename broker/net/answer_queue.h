#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "broker/net/exchange.h"

namespace hw::broker {

/// Queue of a connection's exchanges, in the order of their requests. Knows how much of the front
/// answer is sent. Does no I/O and never waits.
class AnswerQueue {
public:
    /// Maximum number of slices given for one write.
    static constexpr std::size_t kSlicesPerGather = 256;

    void push(ExchangePtr exchange) { exchanges_.push_back(std::move(exchange)); }

    /// The bytes to send next: the answers from the front up to the first request that is not
    /// answered, or is rejected. Valid until the queue changes; empty when there is nothing to
    /// send.
    [[nodiscard]] std::span<const ByteView> gather();
    /// Records that `bytes` of the gathered bytes are sent. Removes answers that are completely
    /// sent.
    void sent(std::size_t bytes);

    [[nodiscard]] std::size_t size() const { return exchanges_.size(); }
    [[nodiscard]] bool empty() const { return exchanges_.empty(); }
    /// True while a request that writes has no answer.
    [[nodiscard]] bool has_open_write() const;
    /// True when the request at the front was rejected: all answers before it are sent, and no
    /// later one may be.
    [[nodiscard]] bool ends_here() const;
    /// True while a request is queued that a stop waits for: any but those that may wait for other
    /// clients, whose requests the stop holds back.
    [[nodiscard]] bool has_request_to_await() const;
    /// Detaches every exchange from the connection, so that late answers are dropped, and empties
    /// the queue.
    void detach_all();

private:
    std::deque<ExchangePtr> exchanges_;
    std::size_t sent_of_front_ = 0;
    std::vector<ByteView> slices_;
};

}  // namespace hw::broker
