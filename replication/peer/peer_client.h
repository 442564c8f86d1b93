#pragma once

#include <memory>
#include <utility>

#include "protocol/base/bytes.h"
#include "protocol/base/result.h"
#include "protocol/base/task.h"
#include "protocol/base/time.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/decoded_message.h"
#include "protocol/wire/encode_message.h"

namespace hw::replication {

/// The body of a response, in the buffer with which it arrived.
class PeerAnswer {
public:
    /// `body`: where the body begins.
    PeerAnswer(Buffer frame, std::size_t body = 0) : frame_(std::move(frame)), body_(body) {}

    /// Decodes the body. Decoding may take `memory_factor` times its size. Errors: corrupt, limit.
    template <class Message>
    [[nodiscard]] Result<wire::DecodedMessage<Message>> decode(ApiVersion version,
                                                               std::size_t memory_factor) && {
        wire::DecodedMessage<Message> message(std::move(frame_), memory_factor);
        HW_TRY_VOID(message.read(version, [this](wire::Reader& reader) {
            static_cast<void>(reader.take(body_));
            return reader.status();
        }));
        return message;
    }

private:
    Buffer frame_;
    std::size_t body_;
};

/// Port: sends requests to one node, which may be this node itself, over one connection that is
/// opened on demand. Several calls may wait at a time; each gets its own answer. Used on one shard.
class PeerClient {
public:
    virtual ~PeerClient() = default;

    /// Sends a request body without a header, and waits for the response. Errors:
    /// not_sent (there was no connection, or it took no byte of the request, so the peer has not
    /// acted); closed (the connection ended before the response) and timed_out (at `deadline`),
    /// after which it is unknown whether the peer has acted.
    [[nodiscard]] virtual Task<Result<PeerAnswer>> exchange(schema::ApiKey key, ApiVersion version,
                                                            wire::Encoded body,
                                                            TimePoint deadline) = 0;
    /// Ends the connection; waiting calls fail with `closed`. The next call connects again.
    virtual void disconnect() = 0;
};

/// Sends `request` and returns the decoded response; both have the given version. Errors: those of
/// PeerClient::exchange and of the codecs.
template <class Response, class Request>
[[nodiscard]] Task<Result<wire::DecodedMessage<Response>>> call(PeerClient& peer, Request request,
                                                                ApiVersion version,
                                                                TimePoint deadline) {
    auto encoded = wire::encode_message(request, version);
    if (!encoded) {
        co_return std::unexpected(encoded.error());
    }
    auto answer = co_await peer.exchange(Request::kKey, version, std::move(*encoded), deadline);
    if (!answer) {
        co_return std::unexpected(answer.error());
    }
    constexpr std::size_t kFactor = 16;
    co_return std::move(*answer).template decode<Response>(version, kFactor);
}

}  // namespace hw::replication
