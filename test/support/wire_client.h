#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/arena.h"
#include "protocol/schema/api/header.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/encode_message.h"
#include "protocol/wire/reader.h"

namespace hw::test {

inline void append(std::string& to, const wire::Encoded& encoded) {
    for (const ByteView slice : encoded.slices) {
        to += as_text(slice);
    }
}

/// The bytes of one request as a client sends them, length included. The message must be valid.
template <class Request>
[[nodiscard]] std::string request_frame(const Request& request, ApiVersion version,
                                        CorrelationId correlation_id,
                                        std::string_view client_id = "test") {
    const schema::ApiInfo& api = *schema::find_api(Request::kKey);
    const schema::RequestHeader header{.request_api_key = Request::kKey,
                                       .request_api_version = version,
                                       .correlation_id = correlation_id,
                                       .client_id = client_id};
    std::string body;
    append(body, *wire::encode_message(header, api.request_header_version(version)));
    append(body, *wire::encode_message(request, version));
    std::string frame(4, '\0');
    store_big_endian(reinterpret_cast<std::byte*>(frame.data()),
                     static_cast<std::int32_t>(body.size()));
    return frame + body;
}

/// Removes the first complete frame from `stream` and returns it without its length; empty if none.
[[nodiscard]] inline std::string take_frame(std::string& stream) {
    if (stream.size() < 4) {
        return {};
    }
    const auto size = static_cast<std::size_t>(
        load_big_endian<std::int32_t>(reinterpret_cast<const std::byte*>(stream.data())));
    if (stream.size() < 4 + size) {
        return {};
    }
    std::string frame = stream.substr(4, size);
    stream.erase(0, 4 + size);
    return frame;
}

[[nodiscard]] inline CorrelationId correlation_of(std::string_view answer) {
    return CorrelationId(
        load_big_endian<std::int32_t>(reinterpret_cast<const std::byte*>(answer.data())));
}

}  // namespace hw::test
