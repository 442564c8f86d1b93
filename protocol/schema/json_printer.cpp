#include "protocol/schema/json_printer.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace hw::schema {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The shortest decimal digits that parse back to the same double, and the decimal exponent of the
/// first digit.
struct Decimal {
    std::string digits;
    int exponent = 0;
};

Decimal shortest(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
    const std::string_view all(text, static_cast<std::size_t>(end.ptr - text));
    const std::size_t e = all.find('e');
    Decimal decimal;
    for (const char c : all.substr(0, e)) {
        if (c != '.') {
            decimal.digits.push_back(c);
        }
    }
    const std::string_view exponent = all.substr(e + (all[e + 1] == '+' ? 2 : 1));
    std::from_chars(exponent.data(), exponent.data() + exponent.size(), decimal.exponent);
    return decimal;
}

/// Formats a double as Java's Double.toString does: plain from 10^-3 to below 10^7, otherwise with
/// an exponent, and always with at least one digit after the point.
std::string java_text(double value) {
    if (std::isnan(value)) {
        return "\"NaN\"";
    }
    if (std::isinf(value)) {
        return value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
    }
    const std::string sign = std::signbit(value) ? "-" : "";
    if (value == 0) {
        return sign + "0.0";
    }
    auto [digits, exponent] = shortest(std::abs(value));
    if (exponent >= 7 || exponent < -3) {
        const std::string fraction = digits.size() > 1 ? digits.substr(1) : "0";
        return fmt::format("{}{}.{}E{}", sign, digits[0], fraction, exponent);
    }
    if (exponent < 0) {
        return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    }
    const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
    digits.resize(std::max(digits.size(), whole + 1), '0');
    return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

void append_escaped(std::string& out, char c) {
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            if (static_cast<unsigned char>(c) < 0x20) {
                out += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
            } else {
                out.push_back(c);
            }
    }
}

}  // namespace

void JsonPrinter::separate() {
    if (out_->size() == start_) {
        return;
    }
    const char last = out_->back();
    if (last != '{' && last != '[' && last != ':') {
        out_->push_back(',');
    }
}

void JsonPrinter::begin(char bracket) {
    separate();
    out_->push_back(bracket);
}

void JsonPrinter::key(std::string_view name) {
    separate();
    out_->push_back('"');
    out_->append(name);
    out_->append("\":");
}

void JsonPrinter::word(std::string_view text) {
    separate();
    out_->append(text);
}

void JsonPrinter::integer(std::int64_t value) {
    word(fmt::format_int(value).c_str());
}

void JsonPrinter::natural(std::uint64_t value) {
    word(fmt::format_int(value).c_str());
}

void JsonPrinter::float64(double value) {
    word(java_text(value));
}

void JsonPrinter::uuid(const Uuid& value) {
    string(to_string(value));
}

void JsonPrinter::string(std::string_view text) {
    separate();
    out_->push_back('"');
    for (const char c : text) {
        append_escaped(*out_, c);
    }
    out_->push_back('"');
}

void JsonPrinter::bytes(ByteView bytes) {
    separate();
    out_->push_back('"');
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8 | (j < have ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out_->push_back(j > have ? '=' : kBase64[bits >> (18 - 6 * j) & 63]);
        }
    }
    out_->push_back('"');
}

}  // namespace hw::schema
