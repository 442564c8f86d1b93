#include "tools/cli/command_line.h"

#include <array>

#include <catch2/catch.hpp>

#include "tools/cli/whole_number.h"

namespace hw::cli {
namespace {

void no_options(boost::program_options::options_description& /*options*/) {}

void create_options(boost::program_options::options_description& options) {
    options.add_options()("partitions,p", boost::program_options::value<std::string>(), "how");
}

ExitCode do_nothing(const Arguments& /*arguments*/) {
    return ExitCode::ok;
}

const std::array kCommands{
    Command{
        "topic create", "make one", "Usage: create\n", {"TOPIC", 1, 1}, create_options, do_nothing},
    Command{"topic list", "show all", "Usage: list\n", {}, no_options, do_nothing},
    Command{
        "perf", "measure", "Usage: perf\n", {"HOST", 0, Operands::kAny}, no_options, do_nothing},
};

Result<Invocation> parse(std::vector<std::string> arguments) {
    return parse_command_line(kCommands, arguments);
}

std::string refusal(std::vector<std::string> arguments) {
    const auto invocation = parse(std::move(arguments));
    REQUIRE_FALSE(invocation);
    CHECK(invocation.error().kind == ErrorKind::invalid);
    return invocation.error().message;
}

TEST_CASE("command line: a command is found by its words, options and operands are told apart",
          "[cli]") {
    const auto create = parse({"topic", "create", "-p", "3", "orders"});
    REQUIRE(create);
    CHECK(create->command->name == "topic create");
    CHECK(create->arguments.options["partitions"].as<std::string>() == "3");
    CHECK(create->arguments.operands == std::vector<std::string>{"orders"});
    const auto perf = parse({"perf", "a", "--", "-b"});
    REQUIRE(perf);
    CHECK(perf->command->name == "perf");
    CHECK(perf->arguments.operands == std::vector<std::string>{"a", "-b"});
}

TEST_CASE("command line: an unknown command is answered with the one that is near", "[cli]") {
    CHECK(refusal({"topic", "creat", "x"}) ==
          "hw: 'topic creat' is no command (did you mean 'hw topic create'?); see 'hw --help'");
    CHECK(refusal({"pref", "host"}) ==
          "hw: 'pref host' is no command (did you mean 'hw perf'?); see 'hw --help'");
    CHECK(refusal({"consume"}) == "hw: 'consume' is no command; see 'hw --help'");
    CHECK(refusal({"--topic"}) == "hw: '--topic' stands where a command should; see 'hw --help'");
}

TEST_CASE("command line: half a command is answered with those that begin so", "[cli]") {
    CHECK(refusal({"topic"}) ==
          "hw: 'topic' is half a command; there are:\n"
          "  topic create         make one\n"
          "  topic list           show all\n"
          "See 'hw COMMAND --help'.");
    CHECK(refusal({"topic", "-b", "x:1"}) == refusal({"topic"}));
    CHECK(refusal({"topic", "rebalance"}) ==
          "hw: 'topic rebalance' is no command (there are: topic create, topic list); see 'hw "
          "--help'");
}

TEST_CASE("command line: an unknown option is answered with the one that is near", "[cli]") {
    CHECK(refusal({"topic", "create", "--partition=3", "x"}) ==
          "hw topic create: '--partition=3' is no option (did you mean '--partitions'?); see 'hw "
          "topic create --help'");
    CHECK(refusal({"topic", "list", "-x"}) ==
          "hw topic list: '-x' is no option; see 'hw topic list --help'");
}

TEST_CASE("command line: an option is not guessed from its first letters", "[cli]") {
    CHECK(refusal({"topic", "create", "--part", "3", "x"})
              .starts_with("hw topic create: '--part' is no option"));
}

TEST_CASE("command line: operands are as many as the command takes", "[cli]") {
    CHECK(refusal({"topic", "create", "-p", "1"}) ==
          "hw topic create: TOPIC is missing; see 'hw topic create --help'");
    CHECK(refusal({"topic", "create", "-p", "1", "a", "b"}) ==
          "hw topic create: 'b' is one too many; see 'hw topic create --help'");
    CHECK(refusal({"topic", "list", "all"}) ==
          "hw topic list: 'all' is one too many; see 'hw topic list --help'");
    CHECK(parse({"perf"}));
}

TEST_CASE("command line: help of a command asks for nothing else", "[cli]") {
    const auto help = parse({"topic", "create", "--help"});
    REQUIRE(help);
    CHECK(help->wants_help);
    const std::string text = help_of(*help->command);
    CHECK(text.starts_with("Usage: create\n"));
    CHECK(text.contains("--partitions"));
}

TEST_CASE("command line: the overview lists every command with its summary", "[cli]") {
    const std::string text = overview(kCommands);
    for (const Command& command : kCommands) {
        CHECK(text.contains("\n  " + std::string(command.name) + " "));
        CHECK(text.contains("  " + std::string(command.summary) + "\n"));
    }
}

TEST_CASE("command line: what Boost refuses is told with the command and its help", "[cli]") {
    const std::vector<std::string> arguments = {"topic", "create", "x", "-p"};
    REQUIRE_THROWS_AS(parse(arguments), boost::program_options::error);
    CHECK(usage_error(kCommands, arguments, "a value is missing") ==
          "hw topic create: a value is missing; see 'hw topic create --help'");
}

Result<std::int64_t> number_in(const std::string& text, std::int64_t least,
                               std::int64_t most = kNoMost) {
    const auto given = parse({"topic", "create", "-p", text, "x"});
    REQUIRE(given);
    return whole_number(given->arguments, "partitions", least, most);
}

TEST_CASE("whole number: what is none, or out of bounds, is refused with what is allowed",
          "[cli]") {
    const std::string text = GENERATE(as<std::string>{}, "many", "0", "101", "-1", "+1", "1.5",
                                      "1x", " 1", "0x1", "9223372036854775808");
    const auto number = number_in(text, 1, 100);
    REQUIRE_FALSE(number);
    CHECK(number.error().kind == ErrorKind::invalid);
    CHECK(number.error().message ==
          "--partitions '" + text + "' is not a whole number from 1 to 100");
}

TEST_CASE("whole number: both bounds are allowed, and the upper one may be missing", "[cli]") {
    CHECK(number_in("1", 1, 100) == 1);
    CHECK(number_in("100", 1, 100) == 100);
    CHECK(number_in("9223372036854775807", 0) == kNoMost);
    CHECK(number_in("-1", 0).error().message ==
          "--partitions '-1' is not a whole number of at least 0");
}

}  // namespace
}  // namespace hw::cli
