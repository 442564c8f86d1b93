#include "protocol/schema/consumer_protocol.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace hw::schema {
namespace {

constexpr std::size_t kPrefix = sizeof(std::int16_t);  // bytes of the version

/// Reads a message and returns the version in which it was read.
template <class Message>
Result<ApiVersion> decode_message(ByteView bytes, Arena& arena, Message& out) {
    wire::Reader in(bytes, arena);
    const ApiVersion sent(in.integer<std::int16_t>());
    if (sent < Message::kVersions.low) {
        return fail(ErrorKind::corrupt, "{} has version {}", Message::kName, sent);
    }
    const ApiVersion version = std::min(sent, Message::kVersions.high);
    decode(in, version, out);
    if (const Result<void> status = in.status(); !status) {
        return fail(status.error().kind, "{} version {}: {}", Message::kName, sent,
                    status.error().message);
    }
    return version;
}

template <class Message>
Result<Buffer> encode_message(const Message& message, ApiVersion version) {
    HW_TRY(size, measure(message, version));
    Buffer bytes(kPrefix + size.own);
    store_big_endian(bytes.data(), version.value());
    wire::Slices slices;
    wire::Writer out(bytes.bytes().subspan(kPrefix), slices);
    encode(out, message, version);
    out.finish();
    return bytes;
}

}  // namespace

Result<VersionedSubscription> decode_subscription(ByteView bytes, Arena& arena) {
    VersionedSubscription result{};
    HW_TRY(version, decode_message(bytes, arena, result.subscription));
    result.version = version;
    return result;
}

Result<VersionedAssignment> decode_assignment(ByteView bytes, Arena& arena) {
    VersionedAssignment result{};
    HW_TRY(version, decode_message(bytes, arena, result.assignment));
    result.version = version;
    return result;
}

Result<Buffer> encode_subscription(const ConsumerProtocolSubscription& subscription,
                                   ApiVersion version) {
    return encode_message(subscription, version);
}

Result<Buffer> encode_assignment(const ConsumerProtocolAssignment& assignment, ApiVersion version) {
    return encode_message(assignment, version);
}

}  // namespace hw::schema
