#include "broker/coordinator/consumer/topic_pattern.h"

#include <initializer_list>
#include <string>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
    std::string result;
    while (times-- > 0) {
        result += text;
    }
    return result;
}

bool matches(std::string_view pattern, std::string_view topic) {
    INFO(pattern);
    const auto compiled = TopicPattern::compile(pattern);
    REQUIRE(compiled.has_value());
    return compiled->matches(topic);
}

Error refusal(std::string_view pattern) {
    auto compiled = TopicPattern::compile(pattern);
    INFO(pattern.substr(0, 100));
    REQUIRE_FALSE(compiled.has_value());
    return std::move(compiled).error();
}

TEST_CASE("topic pattern: it matches whole names", "[broker][groups]") {
    CHECK(matches("orders-.*", "orders-eu"));
    CHECK(matches("orders|payments", "payments"));
    CHECK(matches("(?i)ORDERS", "orders"));
    CHECK(matches(".*", ""));
    CHECK_FALSE(matches("orders", "orders-eu"));
    CHECK_FALSE(matches("orders", "my-orders"));
    CHECK_FALSE(matches("orders|payments", "orders-payments"));
    CHECK_FALSE(matches("", "orders"));
}

TEST_CASE("topic pattern: an invalid expression is refused with the reason", "[broker][groups]") {
    const Error error = refusal("orders-(eu");
    CHECK(error.kind == ErrorKind::invalid);
    CHECK(error.message ==
          "SubscribedTopicRegex 'orders-(eu' is not a valid regular expression: missing ): "
          "orders-(eu; the syntax is that of RE2, without lookahead and back references");
    for (const char* pattern : {"(?=a)b", "(a)\\1", "*", "a**", "[b-a]", "a{1001}", "\\", "(?<a"}) {
        CHECK(refusal(pattern).kind == ErrorKind::invalid);
    }
}

TEST_CASE("topic pattern: text that is not UTF-8 is refused, and not repeated in the error",
          "[broker][groups]") {
    CHECK(refusal("orders\xFF").message == "SubscribedTopicRegex is not valid UTF-8");
}

TEST_CASE("topic pattern: the length is limited", "[broker][groups]") {
    const std::string longest = repeated("a", TopicPattern::kMaxBytes);
    CHECK(matches(longest, longest));
    const Error error = refusal(longest + "a");
    CHECK(error.kind == ErrorKind::limit);
    CHECK(error.message ==
          "SubscribedTopicRegex has 2049 bytes, the limit is 2048; use a shorter expression, or "
          "subscribe to names of topics");
}

TEST_CASE("topic pattern: an expression that needs much memory is refused", "[broker][groups]") {
    for (const char* piece : {"a{1000}", ".{1000}", "\\pL{1000}", "[^\\pL]"}) {
        const auto times = TopicPattern::kMaxBytes / std::string_view(piece).size();
        const Error error = refusal(repeated(piece, times));
        CHECK(error.kind == ErrorKind::limit);
        CHECK(error.message.find("needs more than 1048576 bytes") != std::string::npos);
        CHECK(error.message.size() < 400);
    }
    CHECK(refusal("((a{30}){30}){30}").kind == ErrorKind::invalid);
}

TEST_CASE("topic pattern: an error quotes only the beginning of a long expression",
          "[broker][groups]") {
    // A character of two bytes is not cut in the middle.
    const std::string message = refusal("(" + repeated("\u00E9", 500)).message;
    CHECK(message.find("'(" + repeated("\u00E9", 49) + "...'") != std::string::npos);
    CHECK(message.size() < 400);
}

// A matcher that backtracks needs time exponential in the length of the name for these.
TEST_CASE("topic pattern: no expression makes a match slow", "[broker][groups]") {
    const std::string name(249, 'a');
    CHECK_FALSE(matches("(a+)+b", name));
    CHECK_FALSE(matches("(a|aa)+b", name));
    CHECK_FALSE(matches("(.*)*(.*)*(.*)*b", name));
    CHECK(matches(repeated("a?", 249) + repeated("a", 249), name));
    CHECK(matches("(a|b)*a(a|b){200}", name));
}

TEST_CASE("topic pattern: deep nesting is no danger to the stack", "[broker][groups]") {
    const std::size_t depth = (TopicPattern::kMaxBytes - 1) / 3;
    CHECK(matches(repeated("(", depth) + "a" + repeated(")*", depth), "aaa"));
    CHECK_FALSE(matches(repeated("(", depth) + "a" + repeated(")*", depth), "b"));
}

}  // namespace
}  // namespace hw::broker
