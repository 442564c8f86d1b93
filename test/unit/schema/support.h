#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "protocol/base/arena.h"
#include "protocol/base/random.h"
#include "protocol/schema/message.h"
#include "protocol/wire/encode_message.h"
#include "protocol/wire/reader.h"

namespace hw::schema::testing {

/// Budget of an arena in tests that are not about budgets.
inline constexpr std::size_t kAmple = 1 << 22;

[[nodiscard]] inline std::string joined(const wire::Encoded& encoded) {
    std::string all;
    for (const ByteView slice : encoded.slices) {
        all += as_text(slice);
    }
    return all;
}

/// The bytes of a message; empty if it cannot be encoded or if the measured size is wrong.
template <class Message>
[[nodiscard]] std::string bytes_of(const Message& message, ApiVersion version) {
    const Result<wire::Encoded> encoded = wire::encode_message(message, version);
    std::string bytes = encoded ? joined(*encoded) : std::string();
    return encoded && bytes.size() == encoded->size ? bytes : std::string();
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

/// A message as bytes and as text.
struct Forms {
    std::string bytes;
    std::string text;
};

/// A type of message for the round-trip tests, without a template parameter.
struct AnyMessage {
    std::string_view name;
    VersionRange versions;
    Forms (*make)(Random& random, ApiVersion version);
    Result<Forms> (*decode)(std::string_view bytes, ApiVersion version);
};

template <class Message>
[[nodiscard]] AnyMessage any_message() {
    return {.name = Message::kName,
            .versions = Message::kVersions,
            .make =
                [](Random& random, ApiVersion version) {
                    Arena arena(kAmple);
                    Message message;
                    randomize(random, arena, version, message);
                    return Forms{bytes_of(message, version), text_of(message, version)};
                },
            .decode = [](std::string_view bytes, ApiVersion version) -> Result<Forms> {
                Arena arena(kAmple);
                const Result<Message> message = decode_all<Message>(bytes, version, arena);
                if (!message) {
                    return std::unexpected(message.error());
                }
                return Forms{bytes_of(*message, version), text_of(*message, version)};
            }};
}

/// Calls `check(version)` for every version of the message.
template <class Check>
void for_each_version(const AnyMessage& message, Check check) {
    for (ApiVersion v = message.versions.low; v <= message.versions.high;
         v = ApiVersion(static_cast<std::int16_t>(v.value() + 1))) {
        check(v);
    }
}

}  // namespace hw::schema::testing
