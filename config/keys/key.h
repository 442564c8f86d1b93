#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

/// A configuration key: one row of the table. Rows are constants; nothing here has state.
namespace hw::config {

/// The type of a key's value; the numbers are those that DescribeConfigs carries (KIP-569).
enum class Type : std::uint8_t {
    boolean = 1,
    string = 2,
    int32 = 3,
    int16 = 4,
    int64 = 5,
    float64 = 6,
    list = 7,
    class_name = 8,
    password = 9,
};

enum class Unit : std::uint8_t {
    none,
    count,
    bytes,
    milliseconds,
    seconds,
    minutes,
    hours,
    bytes_per_second,
    per_second,
    ratio,
    percent,
};

/// When a new value takes effect: at the next start, or live on one broker or on all.
enum class Update : std::uint8_t { read_only, per_broker, cluster_wide };

/// Whether the value of a key has an effect.
enum class Use : std::uint8_t {
    in_use,
    later,      ///< a key of Kafka without effect so far
    security,   ///< the same, but users would rely on it, so only its default is accepted
    automatic,  ///< without effect, because the program chooses the value itself
};

/// Which values of its type a key accepts. Integers: from `min` to `max`, inclusive, and `also`.
/// float64: from `real_min` to `real_max`. Strings and list items: one of `choices`, or anything if
/// that is empty.
struct Rule {
    std::int64_t min = std::numeric_limits<std::int64_t>::min();
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    std::optional<std::int64_t> also;
    double real_min = std::numeric_limits<double>::lowest();
    double real_max = std::numeric_limits<double>::max();
    std::string_view choices;  ///< separated by commas
    std::string_view offered;  ///< the part of `choices` that is built; empty: all
};

constexpr Rule any() {
    return {};
}
constexpr Rule at_least(std::int64_t min) {
    Rule rule;
    rule.min = min;
    return rule;
}
constexpr Rule at_least_or(std::int64_t min, std::int64_t also) {
    Rule rule = at_least(min);
    rule.also = also;
    return rule;
}
constexpr Rule between(std::int64_t min, std::int64_t max) {
    Rule rule = at_least(min);
    rule.max = max;
    return rule;
}
constexpr Rule between_or(std::int64_t min, std::int64_t max, std::int64_t also) {
    Rule rule = between(min, max);
    rule.also = also;
    return rule;
}
constexpr Rule real(double min, double max) {
    Rule rule;
    rule.real_min = min;
    rule.real_max = max;
    return rule;
}
constexpr Rule one_of(std::string_view choices, std::string_view offered = {}) {
    Rule rule;
    rule.choices = choices;
    rule.offered = offered;
    return rule;
}

/// No default value: the key is unset, or its value is derived as its `doc` says.
inline constexpr std::nullopt_t kNull = std::nullopt;

struct Key {
    std::string_view name;
    Type type;
    std::optional<std::string_view> default_value;
    Rule rule;
    Unit unit;
    Update update;
    Use use;
    std::string_view doc;  ///< one sentence

    /// Whether its value may never be shown, logged or described.
    [[nodiscard]] constexpr bool is_sensitive() const { return type == Type::password; }
};

}  // namespace hw::config
