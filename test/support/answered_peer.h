#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "protocol/base/shard.h"
#include "replication/peer/peer_client.h"
#include "test/support/wire_client.h"

namespace hw::test {

/// Another node played by the test: each call waits until the test answers it.
class AnsweredPeer final : public replication::PeerClient {
public:
    explicit AnsweredPeer(Shard& shard) : shard_(shard) {}

    [[nodiscard]] Task<Result<replication::PeerAnswer>> exchange(schema::ApiKey, ApiVersion version,
                                                                 wire::Encoded body,
                                                                 TimePoint deadline) override {
        const auto call = std::make_shared<Call>();
        call->version = version;
        append(call->body, body);
        calls_.push_back(call);
        ++count_;
        co_await shard_.wait(call->answered, deadline);
        std::erase(calls_, call);
        co_return std::move(call->answer);
    }

    void disconnect() override {}

    /// Number of calls that wait for the test.
    [[nodiscard]] std::size_t waiting() const { return calls_.size(); }
    /// Number of calls so far.
    [[nodiscard]] std::size_t count() const { return count_; }

    /// The request of the oldest call that waits.
    template <class Request>
    [[nodiscard]] wire::DecodedMessage<Request> front() const {
        REQUIRE_FALSE(calls_.empty());
        wire::DecodedMessage<Request> request(copy_of(calls_.front()->body), 16);
        REQUIRE(request.read(calls_.front()->version));
        return request;
    }
    template <class Response>
    void answer(const Response& response) {
        REQUIRE_FALSE(calls_.empty());
        std::string body;
        append(body, *wire::encode_message(response, calls_.front()->version));
        end(copy_of(body));
    }
    void fail_with(ErrorKind kind) { end(std::unexpected(Error{kind, "the peer is away"})); }

private:
    struct Call {
        ApiVersion version;
        std::string body;
        Signal answered;
        Result<replication::PeerAnswer> answer =
            fail(ErrorKind::timed_out, "the peer gave no answer in time");
    };

    static Buffer copy_of(const std::string& text) {
        Buffer buffer(text.size());
        std::ranges::copy(as_bytes(text), buffer.data());
        return buffer;
    }
    void end(Result<replication::PeerAnswer> answer) {
        REQUIRE_FALSE(calls_.empty());
        const auto call = std::move(calls_.front());
        calls_.pop_front();
        call->answer = std::move(answer);
        call->answered.set();
    }

    Shard& shard_;
    std::deque<std::shared_ptr<Call>> calls_;
    std::size_t count_ = 0;
};

}  // namespace hw::test
