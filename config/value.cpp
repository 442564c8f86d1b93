#include "config/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace hw::config {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::string_view without_plus(std::string_view text) {
    const bool signed_digit = text.size() > 1 && text[0] == '+' && text[1] >= '0' && text[1] <= '9';
    return signed_digit ? text.substr(1) : text;
}

std::optional<double> parse_real(std::string_view text) {
    const std::string_view digits = without_plus(trim(text));
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

bool is_choice(std::string_view choices, std::string_view item) {
    const std::vector<std::string> items = split_list(choices);
    return std::ranges::find(items, item) != items.end();
}

bool is_integer_type(Type type) {
    return type == Type::int16 || type == Type::int32 || type == Type::int64;
}

struct Bounds {
    std::int64_t min;
    std::int64_t max;
};

/// The bounds of the rule, limited to those of the type.
Bounds bounds_of(const Key& key) {
    Bounds type{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
    if (key.type == Type::int16) {
        type = {std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()};
    } else if (key.type == Type::int32) {
        type = {std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()};
    }
    return {std::max(type.min, key.rule.min), std::min(type.max, key.rule.max)};
}

std::string_view unit_text(Unit unit) {
    switch (unit) {
        case Unit::none:
        case Unit::count:
        case Unit::ratio:
            return "";
        case Unit::bytes:
            return " (bytes)";
        case Unit::milliseconds:
            return " (milliseconds)";
        case Unit::seconds:
            return " (seconds)";
        case Unit::minutes:
            return " (minutes)";
        case Unit::hours:
            return " (hours)";
        case Unit::bytes_per_second:
            return " (bytes a second)";
        case Unit::per_second:
            return " (a second)";
        case Unit::percent:
            return " (percent)";
    }
    return "";
}

std::string integer_rule(const Key& key) {
    const Bounds bounds = bounds_of(key);
    const bool has_max = key.rule.max != std::numeric_limits<std::int64_t>::max();
    const bool has_min = key.rule.min != std::numeric_limits<std::int64_t>::min();
    std::string range = fmt::format(" from {} to {}", bounds.min, bounds.max);
    if (has_min && !has_max && key.type == Type::int64) {
        range = fmt::format(" of at least {}", bounds.min);
    }
    const std::string also = key.rule.also ? fmt::format(", or {}", *key.rule.also) : "";
    return fmt::format("must be a whole number{}{}{}", range, unit_text(key.unit), also);
}

std::string real_rule(const Key& key) {
    const bool is_bounded = key.rule.real_max != std::numeric_limits<double>::max();
    return is_bounded
               ? fmt::format("must be a number from {} to {}", key.rule.real_min, key.rule.real_max)
               : "must be a number";
}

std::string choice_rule(const Key& key) {
    if (key.rule.choices.empty()) {
        return "must be text";
    }
    return fmt::format("must be {} of {}", key.type == Type::list ? "a list" : "one",
                       fmt::join(split_list(key.rule.choices), ", "));
}

bool items_are_in(const Key& key, std::string_view choices, std::string_view text) {
    if (key.type != Type::list) {
        return is_choice(choices, trim(text));
    }
    return std::ranges::all_of(
        split_list(text), [choices](const std::string& item) { return is_choice(choices, item); });
}

}  // namespace

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> items;
    std::string_view rest = trim(text);
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        items.emplace_back(trim(rest.substr(0, comma)));
        if (comma == std::string_view::npos) {
            break;
        }
        rest = rest.substr(comma + 1);
        if (rest.empty()) {
            items.emplace_back();
        }
    }
    return items;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    const std::string_view digits = without_plus(trim(text));
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> parse_boolean(std::string_view text) {
    std::string lower(trim(text));
    std::ranges::transform(lower, lower.begin(), [](char character) {
        return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                    : character;
    });
    if (lower == "true") {
        return true;
    }
    return lower == "false" ? std::optional(false) : std::nullopt;
}

std::string rule_of(const Key& key) {
    switch (key.type) {
        case Type::boolean:
            return "must be true or false";
        case Type::int16:
        case Type::int32:
        case Type::int64:
            return integer_rule(key);
        case Type::float64:
            return real_rule(key);
        case Type::string:
        case Type::list:
        case Type::class_name:
        case Type::password:
            return choice_rule(key);
    }
    return "must be text";
}

bool is_valid(const Key& key, std::string_view text) {
    if (key.type == Type::boolean) {
        return parse_boolean(text).has_value();
    }
    if (is_integer_type(key.type)) {
        const auto value = parse_integer(text);
        const Bounds bounds = bounds_of(key);
        return value && ((*value >= bounds.min && *value <= bounds.max) || value == key.rule.also);
    }
    if (key.type == Type::float64) {
        const auto value = parse_real(text);
        return value && *value >= key.rule.real_min && *value <= key.rule.real_max;
    }
    return key.rule.choices.empty() || items_are_in(key, key.rule.choices, text);
}

bool is_offered(const Key& key, std::string_view text) {
    return key.rule.offered.empty() ||
           (!trim(text).empty() && items_are_in(key, key.rule.offered, text));
}

bool same_value(const Key& key, std::string_view left, std::string_view right) {
    if (key.type == Type::boolean) {
        return parse_boolean(left) == parse_boolean(right);
    }
    if (is_integer_type(key.type)) {
        return parse_integer(left) == parse_integer(right);
    }
    if (key.type == Type::float64) {
        return parse_real(left) == parse_real(right);
    }
    return split_list(left) == split_list(right);
}

std::string printable(std::string_view text) {
    constexpr std::size_t kMaxShown = 200;
    std::string out;
    for (const char character : text.substr(0, kMaxShown)) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x20 || byte == 0x7F) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += character;
        }
    }
    return text.size() > kMaxShown ? out + "..." : out;
}

std::string shown(const Key& key, std::string_view text) {
    return key.is_sensitive() ? "[hidden]" : printable(text);
}

}  // namespace hw::config
