#include "config/command_line.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::config {
namespace {

using Texts = std::vector<std::string>;

const Program kProgram{
    .name = "prog",
    .version = "1.2",
    .intro = "prog: a program\n",
    .outro = "Exit status: 0 done.\n",
    .commands = {
        {.name = "topic create",
         .summary = "make one",
         .help = "Usage: create\n",
         .options = {{.name = "partitions", .letter = 'p', .value_name = "N", .help = "how many"},
                     {.name = "timeout",
                      .value_name = "SECONDS",
                      .help = "how long",
                      .default_value = "15"},
                     {.name = "set",
                      .value_name = "KEY=VALUE",
                      .help = "a setting",
                      .is_repeatable = true},
                     {.name = "yes", .letter = 'y', .help = "do not ask"}},
         .operands = {"TOPIC", 1, 1}},
        {.name = "topic list", .summary = "show all", .help = "Usage: list\n"},
        {.name = "perf",
         .summary = "measure",
         .help = "Usage: perf\n",
         .operands = {"HOST", 0, Operands::kAny}},
    }};

Result<Invocation> read(const Texts& arguments) {
    return read_arguments(kProgram, arguments);
}

std::string refusal(const Texts& arguments) {
    const auto invocation = read(arguments);
    REQUIRE_FALSE(invocation);
    CHECK(invocation.error().kind == ErrorKind::invalid);
    return invocation.error().message;
}

std::string printed(const Texts& arguments) {
    const auto invocation = read(arguments);
    REQUIRE(invocation);
    CHECK(invocation->command == nullptr);
    return invocation->text;
}

TEST_CASE("command line: a command is found by its words, and options are separated from operands",
          "[command]") {
    const auto create = read({"topic", "create", "-p", "3", "orders", "--set", "a=b", "--set=c=d"});
    REQUIRE(create);
    REQUIRE(create->command == &kProgram.commands[0]);
    CHECK(create->arguments.value("partitions") == "3");
    CHECK(create->arguments.values("set") == Texts{"a=b", "c=d"});
    CHECK(create->arguments.operands() == Texts{"orders"});
    const auto perf = read({"perf", "a", "--", "-b"});
    REQUIRE(perf);
    REQUIRE(perf->command == &kProgram.commands[2]);
    CHECK(perf->arguments.operands() == Texts{"a", "-b"});
}

TEST_CASE("command line: an option that is not given has its default value, or is absent",
          "[command]") {
    const auto create = read({"topic", "create", "orders"});
    REQUIRE(create);
    CHECK(create->arguments.value("timeout") == "15");
    CHECK_FALSE(create->arguments.has("partitions"));
    CHECK_FALSE(create->arguments.has("yes"));
    CHECK(create->arguments.values("set").empty());
    CHECK(read({"topic", "create", "orders", "-y"})->arguments.has("yes"));
}

TEST_CASE("command line: the error for an unknown command suggests a similar one", "[command]") {
    CHECK(refusal({"topic", "creat", "x"}) ==
          "prog: unknown command 'topic creat' (did you mean 'prog topic create'?); see 'prog "
          "--help'");
    CHECK(refusal({"pref", "host"}) ==
          "prog: unknown command 'pref host' (did you mean 'prog perf'?); see 'prog --help'");
    CHECK(refusal({"consume"}) == "prog: unknown command 'consume'; see 'prog --help'");
    CHECK(refusal({"--topic"}) == "prog: expected a command before '--topic'; see 'prog --help'");
    CHECK(refusal({"--versoin"}) ==
          "prog: expected a command before '--versoin' (did you mean 'prog --version'?); see 'prog "
          "--help'");
}

TEST_CASE("command line: the error for an incomplete command lists the commands that begin with it",
          "[command]") {
    CHECK(refusal({"topic"}) ==
          "prog: 'topic' is not a complete command; the commands are:\n"
          "  topic create  make one\n"
          "  topic list    show all\n"
          "See 'prog COMMAND --help'.");
    CHECK(refusal({"topic", "-b", "x:1"}) == refusal({"topic"}));
    CHECK(refusal({"topic", "rebalance"}) ==
          "prog: unknown command 'topic rebalance' (known: topic create, topic list); see 'prog "
          "--help'");
}

TEST_CASE("command line: the error for an unknown option suggests a similar one", "[command]") {
    CHECK(refusal({"topic", "create", "--partition=3", "x"}) ==
          "prog topic create: unknown option '--partition' (did you mean '--partitions'?); see "
          "'prog topic create --help'");
    CHECK(refusal({"topic", "list", "-x"}) ==
          "prog topic list: unknown option '-x'; see 'prog topic list --help'");
}

TEST_CASE("command line: an option's name cannot be abbreviated", "[command]") {
    CHECK(refusal({"topic", "create", "--part", "3", "x"}) ==
          "prog topic create: unknown option '--part'; see 'prog topic create --help'");
}

TEST_CASE("command line: too few and too many operands are refused", "[command]") {
    CHECK(refusal({"topic", "create", "-p", "1"}) ==
          "prog topic create: missing argument TOPIC; see 'prog topic create --help'");
    CHECK(refusal({"topic", "create", "-p", "1", "a", "b"}) ==
          "prog topic create: unexpected argument 'b'; see 'prog topic create --help'");
    CHECK(refusal({"topic", "list", "all"}) ==
          "prog topic list: unexpected argument 'all'; see 'prog topic list --help'");
    CHECK(read({"perf"}));
}

TEST_CASE(
    "command line: a missing or repeated option value is an error that names the command's help",
    "[command]") {
    CHECK(refusal({"topic", "create", "x", "-p"}) ==
          "prog topic create: the required argument for option '--partitions' is missing; see "
          "'prog topic create --help'");
    CHECK(refusal({"topic", "create", "x", "-p", "1", "-p", "2"}) ==
          "prog topic create: option '--partitions' cannot be specified more than once; see 'prog "
          "topic create --help'");
}

TEST_CASE("command line: the help of a command lists its options, and needs no operand",
          "[command]") {
    const std::string text = printed({"topic", "create", "--help"});
    CHECK(text.starts_with("Usage: create\n\nOptions:\n"));
    CHECK(text.contains("-p [ --partitions ] N"));
    CHECK(text.contains("(=15)"));
    CHECK(printed({"help", "topic", "create"}) == text);
    CHECK(printed({"topic", "help", "create"}) == text);
    CHECK(printed({"topic", "create", "-h", "x"}) == text);
}

TEST_CASE("command line: 'help' after a whole command is an operand", "[command]") {
    const auto create = read({"topic", "create", "help"});
    REQUIRE(create);
    CHECK(create->arguments.operands() == Texts{"help"});
}

TEST_CASE("command line: the overview lists every command with its summary", "[command]") {
    CHECK(printed({}) ==
          "prog: a program\n"
          "\n"
          "Commands:\n"
          "  topic create  make one\n"
          "  topic list    show all\n"
          "  perf          measure\n"
          "\n"
          "Exit status: 0 done.\n");
    CHECK(printed({"--help"}) == printed({}));
    CHECK(printed({"topic", "--help"}) ==
          "Commands:\n"
          "  topic create  make one\n"
          "  topic list    show all\n");
    CHECK(printed({"--version"}) == "prog 1.2\n");
}

}  // namespace
}  // namespace hw::config
