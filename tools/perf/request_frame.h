#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "protocol/base/bytes.h"
#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/schema/api/header.h"
#include "protocol/schema/api_table.h"
#include "protocol/wire/encode_message.h"

namespace hw::perf {

/// One request as it is sent, length included: what stands before its record bytes and what stands
/// after them. A request without records is all `head`.
struct RequestFrame {
    /// Where the correlation id stands in `head`: after length, API key and version.
    static constexpr std::size_t kCorrelationAt = 8;

    std::vector<std::byte> head;
    std::vector<std::byte> tail;
};

inline constexpr std::string_view kClientId = "hw-perf";

/// Encodes a request with correlation id 0; `records` are the record bytes it points to, if any.
/// Errors: those of the message's `measure`.
template <class Request>
[[nodiscard]] Result<RequestFrame> encode_request(const Request& request, ApiVersion version,
                                                  ByteView records = {}) {
    const schema::RequestHeader header{.request_api_key = Request::kKey,
                                       .request_api_version = version,
                                       .correlation_id = CorrelationId(0),
                                       .client_id = kClientId};
    const schema::ApiInfo& api = *schema::find_api(Request::kKey);
    const auto header_bytes = wire::encode_message(header, api.request_header_version(version));
    if (!header_bytes) {
        return std::unexpected(header_bytes.error());
    }
    const auto body = wire::encode_message(request, version);
    if (!body) {
        return std::unexpected(body.error());
    }
    RequestFrame frame;
    frame.head.resize(sizeof(std::int32_t));
    store_big_endian(frame.head.data(), static_cast<std::int32_t>(header_bytes->size + body->size));
    const ByteView own = header_bytes->own.view();
    frame.head.insert(frame.head.end(), own.begin(), own.end());
    std::vector<std::byte>* part = &frame.head;
    for (const ByteView slice : body->slices) {
        if (!records.empty() && slice.data() == records.data()) {
            part = &frame.tail;
        } else {
            part->insert(part->end(), slice.begin(), slice.end());
        }
    }
    return frame;
}

}  // namespace hw::perf
