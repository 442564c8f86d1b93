#pragma once

#include "protocol/base/ids.h"
#include "protocol/base/result.h"
#include "protocol/wire/writer.h"

namespace hw::wire {

/// Measures and encodes one message of the schemas. The result points to the record bytes, which
/// must outlive it. Errors: those of the message's `measure`.
template <class Message>
[[nodiscard]] Result<Encoded> encode_message(const Message& message, ApiVersion version) {
    const Result<Size> size = measure(message, version);
    if (!size) {
        return std::unexpected(size.error());
    }
    Encoded encoded{.own = Buffer(size->own), .slices = {}, .size = size->total()};
    Writer writer(encoded.own.bytes(), encoded.slices);
    encode(writer, message, version);
    writer.finish();
    return encoded;
}

}  // namespace hw::wire
