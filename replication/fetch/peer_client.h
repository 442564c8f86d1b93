#pragma once

#include <memory>
#include <utility>

#include "protocol/base/arena.h"
#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/base/task.h"
#include "protocol/base/time.h"
#include "protocol/schema/find_api.h"
#include "protocol/wire/encode_message.h"
#include "protocol/wire/reader.h"

namespace hw::replication {

/// Port: requests to one other node, which may be the own one, over one connection that is made
/// when it is needed. Answers come in any order of waiting; requests leave in the order of calls.
/// Used on one shard.
class PeerClient {
public:
    virtual ~PeerClient() = default;

    /// Sends a request body and waits for the body of its answer, headers taken off. Errors: closed
    /// (refused, or ended under way: whether the peer acted on it is then unknown), timed_out at
    /// `deadline`, not_found for a peer without an address.
    [[nodiscard]] virtual Task<Result<Buffer>> exchange(schema::ApiKey key, ApiVersion version,
                                                        wire::Encoded body, TimePoint deadline) = 0;
};

/// A decoded answer and the memory it points to.
template <class Message>
class Answer {
public:
    Answer(Buffer bytes, std::size_t memory_factor)
        : bytes_(std::move(bytes)), arena_(bytes_.size() * memory_factor + kSlack) {}

    /// Errors: corrupt, limit.
    [[nodiscard]] Result<void> read(ApiVersion version) {
        wire::Reader reader(bytes_.view(), arena_);
        decode(reader, version, message_);
        return reader.finish();
    }

    [[nodiscard]] const Message& operator*() const { return message_; }
    [[nodiscard]] const Message* operator->() const { return &message_; }

private:
    static constexpr std::size_t kSlack = 64 * 1024;

    Buffer bytes_;
    Arena arena_;
    Message message_;
};

/// `Response` of `request`, both in one version. Errors: those of PeerClient and of the codecs.
template <class Response, class Request>
[[nodiscard]] Task<Result<Answer<Response>>> call(PeerClient& peer, Request request,
                                                  ApiVersion version, TimePoint deadline) {
    auto encoded = wire::encode_message(request, version);
    if (!encoded) {
        co_return std::unexpected(encoded.error());
    }
    auto bytes = co_await peer.exchange(Request::kKey, version, std::move(*encoded), deadline);
    if (!bytes) {
        co_return std::unexpected(bytes.error());
    }
    constexpr std::size_t kFactor = 16;
    Answer<Response> answer(std::move(*bytes), kFactor);
    if (const auto read = answer.read(version); !read) {
        co_return std::unexpected(read.error());
    }
    co_return answer;
}

}  // namespace hw::replication
