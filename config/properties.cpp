#include "config/properties.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <expected>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace hw::config {
namespace {

bool is_blank(char character) {
    return character == ' ' || character == '\t' || character == '\f';
}

std::string_view skip_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    return text;
}

/// Splits text into physical lines, which end with \n, \r or \r\n.
class Lines {
public:
    explicit Lines(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    /// Number of the line that `next` returned last, from 1.
    [[nodiscard]] int number() const { return number_; }

    std::string_view next() {
        const std::size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end);
        rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : (rest_.empty() ? 0 : 1));
        ++number_;
        return line;
    }

private:
    std::string_view rest_;
    int number_ = 0;
};

/// Whether the next line continues this one: its last character is a backslash that is not escaped.
bool goes_on(std::string_view line) {
    std::size_t backslashes = 0;
    while (backslashes < line.size() && line[line.size() - 1 - backslashes] == '\\') {
        ++backslashes;
    }
    return backslashes % 2 == 1;
}

/// A line joined with its continuation lines, without their backslashes; empty for a comment.
std::string next_logical_line(Lines& lines) {
    std::string_view line = skip_blanks(lines.next());
    if (line.starts_with('#') || line.starts_with('!')) {
        return {};
    }
    std::string logical;
    while (goes_on(line)) {
        logical += line.substr(0, line.size() - 1);
        if (lines.at_end()) {
            return logical;
        }
        line = skip_blanks(lines.next());
    }
    logical += line;
    return logical;
}

/// Where the key ends: at the first '=', ':' or blank without a backslash before it.
std::size_t key_length(std::string_view line) {
    std::size_t at = 0;
    while (at < line.size()) {
        if (line[at] == '\\') {
            ++at;
        } else if (line[at] == '=' || line[at] == ':' || is_blank(line[at])) {
            return at;
        }
        ++at;
    }
    return line.size();
}

std::string_view value_part(std::string_view after_key) {
    std::string_view value = skip_blanks(after_key);
    if (value.starts_with('=') || value.starts_with(':')) {
        value = skip_blanks(value.substr(1));
    }
    return value;
}

std::optional<std::uint32_t> hex4(std::string_view text) {
    std::uint32_t value = 0;
    if (text.size() < 4) {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
    return error == std::errc() && end == text.data() + 4 ? std::optional(value) : std::nullopt;
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
    if (point < 0x80) {
        byte(point);
    } else if (point < 0x800) {
        byte(0xC0 | (point >> 6));
        byte(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
        byte(0xE0 | (point >> 12));
        byte(0x80 | ((point >> 6) & 0x3F));
        byte(0x80 | (point & 0x3F));
    } else {
        byte(0xF0 | (point >> 18));
        byte(0x80 | ((point >> 12) & 0x3F));
        byte(0x80 | ((point >> 6) & 0x3F));
        byte(0x80 | (point & 0x3F));
    }
}

/// Reads the digits after "\u", and the second escape of a surrogate pair, and moves `text` past
/// them.
std::optional<std::uint32_t> take_unicode(std::string_view& text) {
    const auto unit = hex4(text);
    if (!unit) {
        return std::nullopt;
    }
    text.remove_prefix(4);
    if (*unit < 0xD800 || *unit > 0xDFFF) {
        return unit;
    }
    const auto low = text.starts_with("\\u") ? hex4(text.substr(2)) : std::nullopt;
    if (*unit > 0xDBFF || !low || *low < 0xDC00 || *low > 0xDFFF) {
        return std::nullopt;
    }
    text.remove_prefix(6);
    return 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00);
}

char control_of(char letter) {
    switch (letter) {
        case 't':
            return '\t';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 'f':
            return '\f';
        default:
            return letter;
    }
}

/// The text with its escapes resolved; nothing when a \u has no code point after it.
std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const char character = text.front();
        text.remove_prefix(1);
        if (character != '\\' || text.empty()) {
            out += character;
            continue;
        }
        const char escaped = text.front();
        text.remove_prefix(1);
        if (escaped != 'u') {
            out += control_of(escaped);
            continue;
        }
        const auto point = take_unicode(text);
        if (!point) {
            return std::nullopt;
        }
        append_utf8(out, *point);
    }
    return out;
}

std::expected<Property, LineError> parse_line(std::string_view line, int number) {
    const std::size_t length = key_length(line);
    auto key = unescape(line.substr(0, length));
    auto value = unescape(value_part(line.substr(length)));
    if (!key || !value) {
        return std::unexpected(
            LineError{number,
                      "a \\u is not followed by the four hexadecimal digits of a character; "
                      "write a backslash as \\\\"});
    }
    if (key->empty()) {
        return std::unexpected(
            LineError{number, "there is no key before the value; write KEY=VALUE"});
    }
    return Property{std::move(*key), std::move(*value), number};
}

}  // namespace

Properties parse_properties(std::string_view text) {
    Properties properties;
    if (text.size() > kMaxPropertiesBytes) {
        properties.errors.push_back(
            {1, fmt::format("the file is over the limit of {} bytes for configuration files",
                            kMaxPropertiesBytes)});
        return properties;
    }
    if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
        const auto lines_before = std::ranges::count(text.substr(0, zero), '\n');
        properties.errors.push_back({static_cast<int>(lines_before) + 1,
                                     fmt::format("the file is not text: byte {} is zero. Is it the "
                                                 "right file?",
                                                 zero + 1)});
        return properties;
    }
    // Editors put a byte order mark before the first key, where it would hide that key.
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    Lines lines(text.substr(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0));
    while (!lines.at_end()) {
        const int number = lines.number() + 1;
        const std::string line = next_logical_line(lines);
        if (line.empty()) {
            continue;
        }
        if (properties.entries.size() + properties.errors.size() >= kMaxPropertiesEntries) {
            properties.errors.push_back(
                {number, fmt::format("the file has more than {} entries; the rest is not read",
                                     kMaxPropertiesEntries)});
            break;
        }
        auto property = parse_line(line, number);
        if (property) {
            properties.entries.push_back(std::move(*property));
        } else {
            properties.errors.push_back(std::move(property.error()));
        }
    }
    return properties;
}

}  // namespace hw::config
