#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/base/arena.h"
#include "protocol/schema/message.h"
#include "protocol/wire/encode_message.h"
#include "protocol/wire/reader.h"

namespace hw::schema::testing {

/// Arena of a test that is not about budgets.
inline constexpr std::size_t kAmple = 1 << 22;

[[nodiscard]] inline std::string joined(const wire::Encoded& encoded) {
    std::string all;
    for (const ByteView slice : encoded.slices) {
        all += as_text(slice);
    }
    return all;
}

/// The bytes of a message that can be encoded.
template <class Message>
[[nodiscard]] std::string bytes_of(const Message& message, ApiVersion version) {
    const Result<wire::Encoded> encoded = wire::encode_message(message, version);
    if (!encoded) {
        FAIL(encoded.error().message);
    }
    const std::string bytes = joined(*encoded);
    REQUIRE(bytes.size() == encoded->size);
    return bytes;
}

template <class Message>
[[nodiscard]] std::string text_of(const Message& message, ApiVersion version) {
    std::string text;
    print(message, version, text);
    return text;
}

/// Decodes all of `bytes`; what is decoded points into them and into the arena.
template <class Message>
[[nodiscard]] Result<Message> decode_all(std::string_view bytes, ApiVersion version, Arena& arena) {
    static_assert(std::is_trivially_destructible_v<Message>);
    Message message;
    wire::Reader reader(as_bytes(bytes), arena);
    decode(reader, version, message);
    if (Result<void> finished = reader.finish(); !finished) {
        return std::unexpected(finished.error());
    }
    return message;
}

/// Calls `check(version)` for every version of the message.
template <class Message, class Check>
void for_each_version(Check check) {
    for (std::int16_t v = Message::kVersions.low.value(); v <= Message::kVersions.high.value();
         ++v) {
        INFO(Message::kName << " version " << v);
        check(ApiVersion(v));
    }
}

}  // namespace hw::schema::testing
