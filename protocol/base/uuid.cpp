#include "protocol/base/uuid.h"

#include "protocol/base/bytes.h"
#include "protocol/base/entropy.h"

namespace hw {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kTextLength = 22;

using RawUuid = std::array<std::byte, 16>;

RawUuid to_bytes(const Uuid& uuid) {
    RawUuid raw;
    store_big_endian(raw.data(), uuid.high);
    store_big_endian(raw.data() + 8, uuid.low);
    return raw;
}

Uuid from_bytes(const RawUuid& raw) {
    return Uuid{load_big_endian<std::uint64_t>(raw.data()),
                load_big_endian<std::uint64_t>(raw.data() + 8)};
}

}  // namespace

std::string to_string(const Uuid& uuid) {
    const RawUuid raw = to_bytes(uuid);
    std::string text;
    text.reserve(kTextLength);
    unsigned pending = 0;
    unsigned bits = 0;
    for (const std::byte byte : raw) {
        pending = (pending << 8) | std::to_integer<unsigned>(byte);
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            text.push_back(kAlphabet[(pending >> bits) & 63U]);
        }
    }
    text.push_back(kAlphabet[(pending << (6 - bits)) & 63U]);
    return text;
}

Result<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != kTextLength) {
        return fail(ErrorKind::invalid, "an id has {} base64url characters, but '{}' has {}",
                    kTextLength, text, text.size());
    }
    RawUuid raw{};
    std::size_t filled = 0;
    unsigned pending = 0;
    unsigned bits = 0;
    for (const char character : text) {
        const std::size_t digit = kAlphabet.find(character);
        if (digit == std::string_view::npos) {
            return fail(ErrorKind::invalid, "'{}' in id '{}' is not a base64url character",
                        character, text);
        }
        pending = (pending << 6) | static_cast<unsigned>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            raw[filled++] = static_cast<std::byte>((pending >> bits) & 0xFFU);
        }
    }
    return from_bytes(raw);
}

Uuid random_uuid(Entropy& entropy) {
    constexpr std::uint64_t kVersionMask = 0xF000;
    constexpr std::uint64_t kVersion4 = 0x4000;
    constexpr std::uint64_t kVariantMask = 0xC000'0000'0000'0000;
    constexpr std::uint64_t kVariant = 0x8000'0000'0000'0000;
    constexpr unsigned kDashDigit = 62;
    for (;;) {
        RawUuid raw;
        entropy.fill(raw);
        Uuid uuid = from_bytes(raw);
        uuid.high = (uuid.high & ~kVersionMask) | kVersion4;
        uuid.low = (uuid.low & ~kVariantMask) | kVariant;
        if ((uuid.high >> 58) != kDashDigit) {
            return uuid;
        }
    }
}

}  // namespace hw
