#include "tools/cli/options.h"

#include <string>

#include <catch2/catch.hpp>

namespace hw::cli {
namespace {

Result<std::int64_t> number_in(const std::string& text, std::int64_t minimum,
                               std::int64_t maximum = kNoMaximum) {
    Arguments arguments;
    arguments.add_option("partitions", {text});
    return whole_number(arguments, "partitions", minimum, maximum);
}

TEST_CASE("whole number: a text that is not a number within the bounds is refused", "[cli]") {
    const std::string text = GENERATE(as<std::string>{}, "many", "0", "101", "-1", "+1", "1.5",
                                      "1x", " 1", "0x1", "9223372036854775808");
    const auto number = number_in(text, 1, 100);
    REQUIRE_FALSE(number);
    CHECK(number.error().kind == ErrorKind::invalid);
    CHECK(number.error().message ==
          "--partitions '" + text + "' must be a whole number from 1 to 100");
}

TEST_CASE("whole number: both bounds are allowed values, and the upper bound is optional",
          "[cli]") {
    CHECK(number_in("1", 1, 100) == 1);
    CHECK(number_in("100", 1, 100) == 100);
    CHECK(number_in("9223372036854775807", 0) == kNoMaximum);
    CHECK(number_in("-1", 0).error().message ==
          "--partitions '-1' must be a whole number of at least 0");
}

TEST_CASE("settings: the key ends at the first equals sign, and a value may be empty", "[cli]") {
    Arguments arguments;
    arguments.add_option("config", {"a=b=c", "d="});
    const auto settings = settings_of(arguments);
    REQUIRE(settings);
    REQUIRE(settings->size() == 2);
    CHECK((*settings)[0].name == "a");
    CHECK((*settings)[0].value == "b=c");
    CHECK((*settings)[1].name == "d");
    CHECK((*settings)[1].value.empty());
}

TEST_CASE("settings: a text without a key or an equals sign is refused", "[cli]") {
    const std::string text = GENERATE(as<std::string>{}, "flat", "", "=1");
    Arguments arguments;
    arguments.add_option("config", {text});
    const auto settings = settings_of(arguments);
    REQUIRE_FALSE(settings);
    CHECK(settings.error().kind == ErrorKind::invalid);
    CHECK(settings.error().message == "--config '" + text + "' must be KEY=VALUE");
}

TEST_CASE("exit code: each kind of error has a fixed exit code", "[cli]") {
    CHECK(exit_code_of(ErrorKind::invalid) == ExitCode(2));
    CHECK(exit_code_of(ErrorKind::not_found) == ExitCode(3));
    CHECK(exit_code_of(ErrorKind::closed) == ExitCode(4));
    CHECK(exit_code_of(ErrorKind::permission) == ExitCode(5));
    CHECK(exit_code_of(ErrorKind::limit) == ExitCode(1));
}

}  // namespace
}  // namespace hw::cli
