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

/// Requests as bytes, encoded once and sent many times.
namespace hw::perf {

/// A record batch that is sent again and again, and how many records it holds.
struct LoadBatch {
    Buffer bytes;
    std::int32_t records = 0;
};

/// A batch of as many records of `record_size` random bytes as fit into `batch_size`, at
/// least one; without keys, without compression, with its CRC. The same sizes and timestamp give
/// the same bytes. Errors: limit (2 GiB).
[[nodiscard]] Result<LoadBatch> make_batch(std::size_t record_size, std::size_t batch_size,
                                           Timestamp timestamp);

/// An encoded request with its length: the bytes before its records, and the bytes after them. A
/// request without records is all `head`.
struct RequestFrame {
    /// Position of the correlation id in `head`: after length, API key and version.
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
    HW_TRY(header_bytes, wire::encode_message(header, api.request_header_version(version)));
    HW_TRY(body, wire::encode_message(request, version));
    RequestFrame frame;
    frame.head.resize(sizeof(std::int32_t));
    store_big_endian(frame.head.data(), static_cast<std::int32_t>(header_bytes.size + body.size));
    const ByteView own = header_bytes.own.view();
    frame.head.insert(frame.head.end(), own.begin(), own.end());
    std::vector<std::byte>* part = &frame.head;
    for (const ByteView slice : body.slices) {
        if (!records.empty() && slice.data() == records.data()) {
            part = &frame.tail;
        } else {
            part->insert(part->end(), slice.begin(), slice.end());
        }
    }
    return frame;
}

}  // namespace hw::perf
