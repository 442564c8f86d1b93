#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/api/header.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/decoded_message.h"
#include "protocol/wire/reader.h"
#include "tools/client/frame_input.h"
#include "tools/client/socket.h"

/// Receiving and decoding answers.
namespace hw::perf {

/// The correlation id of the request with that number on its connection.
[[nodiscard]] inline CorrelationId correlation_of(std::uint64_t number) {
    return CorrelationId(static_cast<std::int32_t>(number & 0x7fff'ffff));
}

/// The version of the header of a response.
[[nodiscard]] inline ApiVersion response_header_of(schema::ApiKey key, ApiVersion version) {
    return schema::find_api(key)->response_header_version(version);
}

/// Errors: corrupt (the answer belongs to another request).
[[nodiscard]] inline Result<void> check_correlation(ByteView answer, CorrelationId expected) {
    if (answer.size() < sizeof(std::int32_t)) {
        return fail(ErrorKind::corrupt, "an answer has {} bytes", answer.size());
    }
    const CorrelationId answered(load_big_endian<std::int32_t>(answer.data()));
    if (answered != expected) {
        return fail(ErrorKind::corrupt, "the broker answered request {} instead of {}", answered,
                    expected);
    }
    return {};
}

/// Decodes an answer into `response`, which points into the bytes of the answer. Errors: corrupt,
/// limit.
template <class Response>
[[nodiscard]] Result<void> decode_answer(wire::Reader& reader, ApiVersion header_version,
                                         ApiVersion version, Response& response) {
    schema::ResponseHeader header;
    decode(reader, header_version, header);
    decode(reader, version, response);
    return reader.finish();
}

/// The same, with a copy of the bytes. Errors: corrupt, limit.
template <class Response>
[[nodiscard]] Result<wire::DecodedMessage<Response>> decoded_copy(ByteView answer,
                                                                  ApiVersion version) {
    const schema::ApiInfo& api = *schema::find_api(Response::kKey);
    Buffer bytes(answer.size());
    std::ranges::copy(answer, bytes.data());
    wire::DecodedMessage<Response> message(std::move(bytes), api.memory_factor);
    const auto skip_header = [&](wire::Reader& reader) {
        schema::ResponseHeader header;
        decode(reader, api.response_header_version(version), header);
        return Result<void>();
    };
    HW_TRY_VOID(message.read(version, skip_header));
    return message;
}

/// Receives what the socket has and passes each frame to `take`; returns the number of frames. The
/// socket is watched edge-triggered, so nothing may be left in it.
template <class Take>
[[nodiscard]] Result<std::size_t> receive_all(client::Socket& socket, client::FrameInput& input,
                                              const Take& take) {
    std::size_t frames = 0;
    while (true) {
        HW_TRY(received, input.receive(socket));
        if (received.bytes == 0) {
            return frames;
        }
        auto frame = input.next();
        for (; frame && *frame; frame = input.next()) {
            HW_TRY_VOID(take(ByteView(**frame)));
            ++frames;
        }
        if (!frame) {
            return std::unexpected(frame.error());
        }
    }
}

}  // namespace hw::perf
