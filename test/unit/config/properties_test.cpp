#include "config/properties.h"

#include <catch2/catch.hpp>

#include "protocol/base/random.h"

namespace hw::config {
namespace {

using Entries = std::vector<Property>;

Entries entries_of(std::string_view text) {
    const Properties properties = parse_properties(text);
    CHECK(properties.errors.empty());
    return properties.entries;
}

TEST_CASE("properties: a key ends at the first '=', ':' or blank", "[config][properties]") {
    CHECK(entries_of("a=1\nb:2\nc 3\nd = 4\ne\t:\t5\n f  6") == Entries{{"a", "1", 1},
                                                                        {"b", "2", 2},
                                                                        {"c", "3", 3},
                                                                        {"d", "4", 4},
                                                                        {"e", "5", 5},
                                                                        {"f", "6", 6}});
}

TEST_CASE("properties: further separators are part of the value", "[config][properties]") {
    CHECK(entries_of("a==1\nb=:2\nc = = 3\nlisteners=PLAINTEXT://:9092") ==
          Entries{{"a", "=1", 1},
                  {"b", ":2", 2},
                  {"c", "= 3", 3},
                  {"listeners", "PLAINTEXT://:9092", 4}});
}

TEST_CASE("properties: a key without a value has an empty value", "[config][properties]") {
    CHECK(entries_of("a\nb=\nc:  ") == Entries{{"a", "", 1}, {"b", "", 2}, {"c", "", 3}});
}

TEST_CASE("properties: blanks after a value are part of it", "[config][properties]") {
    CHECK(entries_of("a=1  \n") == Entries{{"a", "1  ", 1}});
}

TEST_CASE("properties: # and ! begin a comment only at the start of a line",
          "[config][properties]") {
    CHECK(entries_of("# a=1\n  ! b=2\n\n   \nc=3 # 4\nd=!5") ==
          Entries{{"c", "3 # 4", 5}, {"d", "!5", 6}});
}

TEST_CASE("properties: a backslash does not continue a comment", "[config][properties]") {
    CHECK(entries_of("# a \\\nb=1") == Entries{{"b", "1", 2}});
}

TEST_CASE(
    "properties: a backslash at the end of a line joins it to the next, without its indentation",
    "[config][properties]") {
    CHECK(entries_of("a=1,\\\n   2,\\\n\t3\nb=4") == Entries{{"a", "1,2,3", 1}, {"b", "4", 4}});
    CHECK(entries_of("a=1\\\\\nb=2") == Entries{{"a", "1\\", 1}, {"b", "2", 2}});
    CHECK(entries_of("a=1\\\n# 2") == Entries{{"a", "1# 2", 1}});
    CHECK(entries_of("a=1\\") == Entries{{"a", "1", 1}});
}

TEST_CASE("properties: lines end with \\n, \\r or \\r\\n", "[config][properties]") {
    CHECK(entries_of("a=1\rb=2\r\nc=3\n\nd=4\\\r\n5") ==
          Entries{{"a", "1", 1}, {"b", "2", 2}, {"c", "3", 3}, {"d", "45", 5}});
}

TEST_CASE("properties: escape sequences are decoded in keys and values", "[config][properties]") {
    CHECK(entries_of("a\\=b\\:c\\ d=\\t\\n\\r\\f\\q\\\\") ==
          Entries{{"a=b:c d", "\t\n\r\fq\\", 1}});
    CHECK(entries_of("a=\\  b") == Entries{{"a", "  b", 1}});
}

TEST_CASE("properties: \\u becomes UTF-8 of one to four bytes", "[config][properties]") {
    CHECK(entries_of("a=\\u0041\\u00e4\\u20AC\\uD83D\\uDE00") ==
          Entries{{"a", "A\u00e4\u20ac\U0001F600", 1}});
}

TEST_CASE("properties: an invalid \\u is an error of its line, and the other lines are read",
          "[config][properties]") {
    for (const std::string_view broken : {"a=\\u12", "a=\\u12g4", "a=\\u", "a=\\uD83D",
                                          "a=\\uD83D\\u0041", "a=\\uDE00", "\\u-123=a"}) {
        INFO(broken);
        const Properties properties = parse_properties("x=1\n" + std::string(broken) + "\ny=2");
        CHECK(properties.entries == Entries{{"x", "1", 1}, {"y", "2", 3}});
        REQUIRE(properties.errors.size() == 1);
        CHECK(properties.errors[0].line == 2);
        CHECK(properties.errors[0].message ==
              "a \\u is not followed by the four hexadecimal digits of a character; write a "
              "backslash as \\\\");
    }
}

TEST_CASE("properties: a value without a key is an error", "[config][properties]") {
    const Properties properties = parse_properties("\n=1");
    REQUIRE(properties.errors.size() == 1);
    CHECK(properties.errors[0].line == 2);
    CHECK(properties.errors[0].message == "there is no key before the value; write KEY=VALUE");
}

TEST_CASE("properties: a byte order mark does not hide the first key", "[config][properties]") {
    CHECK(entries_of("\xEF\xBB\xBFnode.id=1") == Entries{{"node.id", "1", 1}});
}

TEST_CASE("properties: a file over the size limit is not read", "[config][properties]") {
    std::string text = "a=";
    text.resize(kMaxPropertiesBytes, 'x');
    CHECK(entries_of(text).size() == 1);
    const Properties properties = parse_properties(text + "x");
    CHECK(properties.entries.empty());
    REQUIRE(properties.errors.size() == 1);
    CHECK(properties.errors[0].message ==
          "the file is over the limit of 1048576 bytes for configuration files");
}

TEST_CASE("properties: entries over the limit are not read", "[config][properties]") {
    std::string text;
    for (std::size_t entry = 0; entry < kMaxPropertiesEntries; ++entry) {
        text += "a=1\n";
    }
    CHECK(entries_of(text).size() == kMaxPropertiesEntries);
    const Properties properties = parse_properties(text + "b=2\nc=3\n");
    CHECK(properties.entries.size() == kMaxPropertiesEntries);
    REQUIRE(properties.errors.size() == 1);
    CHECK(properties.errors[0].line == 10'001);
    CHECK(properties.errors[0].message ==
          "the file has more than 10000 entries; the rest is not read");
}

TEST_CASE("properties: a file that is not text causes one error", "[config][properties]") {
    const std::string binary(
        "\x7f"
        "ELF\x02\n=x\n\0=\n\\u\n",
        16);
    const Properties properties = parse_properties("a=1\n" + binary);
    CHECK(properties.entries.empty());
    REQUIRE(properties.errors.size() == 1);
    CHECK(properties.errors[0].line == 4);
    CHECK(properties.errors[0].message ==
          "the file is not text: byte 14 is zero. Is it the right file?");
}

TEST_CASE("properties: random text is parsed without a crash, and line numbers always rise",
          "[config][properties]") {
    constexpr std::string_view kAlphabet = "\\\\u0dD9aA=: \t\f\n\r#!x\xEF";
    constexpr std::uint64_t kSeed = 20261;
    INFO("seed " << kSeed);
    Random random(kSeed);
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (std::uint64_t size = random.below(40); size > 0; --size) {
            text += kAlphabet[random.below(kAlphabet.size())];
        }
        int last = 0;
        for (const Property& property : parse_properties(text).entries) {
            REQUIRE(property.line > last);
            REQUIRE_FALSE(property.key.empty());
            last = property.line;
        }
    }
}

}  // namespace
}  // namespace hw::config
