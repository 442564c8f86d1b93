#include "config/value.h"

#include <catch2/catch.hpp>

namespace hw::config {
namespace {

using Items = std::vector<std::string>;

Key key_of(Type type, Rule rule = any(), Unit unit = Unit::none) {
    return {"a.key", type, kNull, rule, unit, Update::read_only, Use::in_use, "A key."};
}

TEST_CASE("value: lists are split at commas and trimmed", "[config][value]") {
    CHECK(split_list("") == Items{});
    CHECK(split_list("   ") == Items{});
    CHECK(split_list("a") == Items{"a"});
    CHECK(split_list(" a ,b,\tc ") == Items{"a", "b", "c"});
    CHECK(split_list("a,,b,") == Items{"a", "", "b", ""});
}

TEST_CASE("value: a whole number has digits, an optional sign, and blanks around them",
          "[config][value]") {
    CHECK(parse_integer(" 42 ") == 42);
    CHECK(parse_integer("+42") == 42);
    CHECK(parse_integer("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    for (const char* text : {"", " ", "x", "4x", "4 2", "0x10", "1e3", "1.0", "+", "-", "+-1",
                             "--1", "9223372036854775808"}) {
        INFO(text);
        CHECK_FALSE(parse_integer(text).has_value());
    }
}

TEST_CASE("value: a boolean is true or false in any case", "[config][value]") {
    CHECK(parse_boolean("true") == true);
    CHECK(parse_boolean(" FALSE ") == false);
    for (const char* text : {"", "yes", "1", "truee", "t"}) {
        CHECK_FALSE(parse_boolean(text).has_value());
    }
}

TEST_CASE("value: a number must fit its type", "[config][value]") {
    CHECK(is_valid(key_of(Type::int16), "32767"));
    CHECK_FALSE(is_valid(key_of(Type::int16), "32768"));
    CHECK(is_valid(key_of(Type::int32), "-2147483648"));
    CHECK_FALSE(is_valid(key_of(Type::int32), "2147483648"));
    CHECK(is_valid(key_of(Type::int64), "9223372036854775807"));
    CHECK_FALSE(is_valid(key_of(Type::int64), "9223372036854775808"));
}

TEST_CASE("value: a real number must be finite and within its rule", "[config][value]") {
    const Key half = key_of(Type::float64, real(0, 0.5));
    CHECK(is_valid(half, "0"));
    CHECK(is_valid(half, "5e-1"));
    CHECK(is_valid(key_of(Type::float64), "1.7976931348623157E308"));
    for (const char* text : {"0.51", "-0.01", "nan", "inf", "", "0.1x"}) {
        INFO(text);
        CHECK_FALSE(is_valid(half, text));
    }
}

TEST_CASE("value: a rule of choices applies to a whole string, and to each item of a list",
          "[config][value]") {
    const Key text = key_of(Type::string, one_of("a,b"));
    CHECK(is_valid(text, "b"));
    CHECK_FALSE(is_valid(text, "a,b"));
    CHECK_FALSE(is_valid(text, ""));
    const Key list = key_of(Type::list, one_of("a,b"));
    CHECK(is_valid(list, "b, a"));
    CHECK(is_valid(list, ""));
    CHECK_FALSE(is_valid(list, "a,c"));
}

TEST_CASE("value: a valid value may be unsupported", "[config][value]") {
    const Key list = key_of(Type::list, one_of("a,b", "a"));
    CHECK(is_offered(list, "a"));
    CHECK_FALSE(is_offered(list, "a,b"));
    CHECK_FALSE(is_offered(list, ""));
    CHECK(is_offered(key_of(Type::string, one_of("a,b")), "b"));
}

TEST_CASE("value: the text of a rule has its range and unit", "[config][value]") {
    CHECK(rule_of(key_of(Type::boolean)) == "must be true or false");
    CHECK(rule_of(key_of(Type::int64, at_least(1), Unit::milliseconds)) ==
          "must be a whole number of at least 1 (milliseconds)");
    CHECK(rule_of(key_of(Type::int32, at_least(1), Unit::bytes)) ==
          "must be a whole number from 1 to 2147483647 (bytes)");
    CHECK(rule_of(key_of(Type::int32, between_or(1, 9, -1))) ==
          "must be a whole number from 1 to 9, or -1");
    CHECK(rule_of(key_of(Type::float64, real(0, 0.5))) == "must be a number from 0 to 0.5");
    CHECK(rule_of(key_of(Type::string, one_of("a,b"))) == "must be one of a, b");
    CHECK(rule_of(key_of(Type::list, one_of("a,b"))) == "must be a list of a, b");
}

TEST_CASE("value: two texts are the same value if they parse to equal values", "[config][value]") {
    CHECK(same_value(key_of(Type::int64), " 05", "5"));
    CHECK_FALSE(same_value(key_of(Type::int64), "5", "6"));
    CHECK(same_value(key_of(Type::float64), "0.50", "5e-1"));
    CHECK(same_value(key_of(Type::boolean), "TRUE", "true"));
    CHECK(same_value(key_of(Type::list), "a, b", "a,b"));
    CHECK_FALSE(same_value(key_of(Type::list), "a,b", "b,a"));
    CHECK(same_value(key_of(Type::string), "", ""));
}

TEST_CASE("value: messages hide secrets, escape control characters and cut long text",
          "[config][value]") {
    CHECK(shown(key_of(Type::password), "hunter2") == "[hidden]");
    CHECK(shown(key_of(Type::string), "a\nb\x1b") == "a\\x0ab\\x1b");
    CHECK(shown(key_of(Type::string), std::string(200, 'x')) == std::string(200, 'x'));
    CHECK(shown(key_of(Type::string), std::string(201, 'x')) == std::string(200, 'x') + "...");
}

}  // namespace
}  // namespace hw::config
