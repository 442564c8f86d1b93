#include "broker/coordinator/group/java_string.h"

#include <array>

namespace hw::broker {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr char32_t kFirstOfTwoUnits = 0x10000;

struct Decoded {
    char32_t code_point = kReplacement;
    std::size_t bytes = 1;
};

/// Decodes the first code point. `text` must not be empty.
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned char first = byte(0);
    if (first < 0x80) {
        return {first, 1};
    }
    struct Form {
        unsigned char mask, lead;
        std::size_t bytes;
        char32_t least;
    };
    constexpr std::array<Form, 3> kForms{
        {{0xE0, 0xC0, 2, 0x80}, {0xF0, 0xE0, 3, 0x800}, {0xF8, 0xF0, 4, kFirstOfTwoUnits}}};
    for (const Form& form : kForms) {
        if ((first & form.mask) != form.lead || text.size() < form.bytes) {
            continue;
        }
        char32_t point = static_cast<unsigned char>(first & ~form.mask);
        for (std::size_t at = 1; at < form.bytes; ++at) {
            if ((byte(at) & 0xC0) != 0x80) {
                return {};
            }
            point = (point << 6) | (byte(at) & 0x3FU);
        }
        const bool is_surrogate = point >= 0xD800 && point < 0xE000;
        return point < form.least || point > 0x10FFFF || is_surrogate ? Decoded()
                                                                      : Decoded{point, form.bytes};
    }
    return {};
}

/// Calls `take` with each UTF-16 unit.
template <class Take>
void for_each_unit(std::string_view text, Take take) {
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        text.remove_prefix(decoded.bytes);
        if (decoded.code_point < kFirstOfTwoUnits) {
            take(static_cast<std::uint16_t>(decoded.code_point));
        } else {
            const char32_t rest = decoded.code_point - kFirstOfTwoUnits;
            take(static_cast<std::uint16_t>(0xD800 + (rest >> 10)));
            take(static_cast<std::uint16_t>(0xDC00 + (rest & 0x3FF)));
        }
    }
}

}  // namespace

std::int32_t java_hash(std::string_view text) {
    std::uint32_t hash = 0;
    for_each_unit(text, [&](std::uint16_t unit) { hash = 31 * hash + unit; });
    return static_cast<std::int32_t>(hash);
}

std::size_t java_length(std::string_view text) {
    std::size_t length = 0;
    for_each_unit(text, [&](std::uint16_t) { ++length; });
    return length;
}

}  // namespace hw::broker
