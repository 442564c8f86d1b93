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

/// Port: sends requests to one node, which may be this node itself, over one connection that is
/// opened on demand. Several calls may wait at a time; each gets its own answer. Used on one shard.
class PeerClient {
public:
    virtual ~PeerClient() = default;

    /// Sends a request body and waits for the body of the response; both without headers. Errors:
    /// not_sent (there was no connection, or it took no byte of the request, so the peer has not
    /// acted); closed (the connection ended before the response) and timed_out (at `deadline`),
    /// after which it is unknown whether the peer has acted.
    [[nodiscard]] virtual Task<Result<Buffer>> exchange(schema::ApiKey key, ApiVersion version,
                                                        wire::Encoded body, TimePoint deadline) = 0;
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
    auto bytes = co_await peer.exchange(Request::kKey, version, std::move(*encoded), deadline);
    if (!bytes) {
        co_return std::unexpected(bytes.error());
    }
    constexpr std::size_t kFactor = 16;
    wire::DecodedMessage<Response> answer(std::move(*bytes), kFactor);
    if (const auto read = answer.read(version); !read) {
        co_return std::unexpected(read.error());
    }
    co_return answer;
}

}  // namespace hw::replication
