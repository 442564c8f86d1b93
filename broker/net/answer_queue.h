#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "broker/net/exchange.h"

namespace hw::broker {

/// The exchanges of one connection in the order of their requests, and how much of the answers at
/// the front is sent. Pure: it neither writes nor waits.
class AnswerQueue {
public:
    /// Slices given for one write, at most.
    static constexpr std::size_t kSlicesPerGather = 256;

    void push(ExchangePtr exchange) { exchanges_.push_back(std::move(exchange)); }

    /// The bytes to send next: answers from the front up to the first request without one, or to a
    /// rejected one, which ends the connection. Valid until the queue changes; empty when there is
    /// nothing to send.
    [[nodiscard]] std::span<const ByteView> gather();
    /// `bytes` of what was gathered are sent; answers that are complete leave the queue.
    void sent(std::size_t bytes);

    [[nodiscard]] std::size_t size() const { return exchanges_.size(); }
    [[nodiscard]] bool empty() const { return exchanges_.empty(); }
    /// A request that writes has no answer yet.
    [[nodiscard]] bool has_open_write() const;
    /// The request at the front was rejected: all answers before it are sent, none after it may be.
    [[nodiscard]] bool ends_here() const;
    /// Whether a sender waits for an answer that it cannot do without: to any request but a Fetch,
    /// which changes nothing and may wait for long.
    [[nodiscard]] bool owes_an_outcome() const;
    /// Cuts every exchange off from its connection; late answers are dropped.
    void detach_all();

private:
    std::deque<ExchangePtr> exchanges_;
    std::size_t sent_of_front_ = 0;
    std::vector<ByteView> slices_;
};

}  // namespace hw::broker
