#include "tools/perf/options.h"

#include <catch2/catch.hpp>

namespace hw::perf {
namespace {

std::string complaint(const std::vector<std::string>& arguments) {
    const auto options = parse_produce_options(arguments);
    return options ? "none" : options.error().message;
}

TEST_CASE("perf options: without any, ten seconds against the local broker", "[perf]") {
    const auto options = parse_produce_options({});
    REQUIRE(options);
    CHECK(options->bootstrap == config::Address{"127.0.0.1", 9092});
    CHECK(options->seconds == std::chrono::seconds(10));
    CHECK_FALSE(options->bytes);
    CHECK(options->connections == 8);
    CHECK(options->in_flight == 5);
    CHECK(options->acks == 1);
}

TEST_CASE("perf options: each sets what it names", "[perf]") {
    const auto options = parse_produce_options({"-b",
                                                "[::1]:9093",
                                                "-t",
                                                "t",
                                                "--partitions",
                                                "3",
                                                "--durability",
                                                "disk",
                                                "--acks",
                                                "-1",
                                                "--in-flight",
                                                "7",
                                                "--connections",
                                                "2",
                                                "--bytes",
                                                "20000000000",
                                                "--record-size",
                                                "10",
                                                "--batch-size",
                                                "99",
                                                "--wait",
                                                "4",
                                                "--pid",
                                                "12",
                                                "-o",
                                                "json"});
    REQUIRE(options);
    CHECK(options->bootstrap == config::Address{"::1", 9093});
    CHECK(options->topic == "t");
    CHECK(options->partitions == 3);
    CHECK(options->durability == "disk");
    CHECK(options->acks == -1);
    CHECK(options->in_flight == 7);
    CHECK(options->connections == 2);
    CHECK(options->bytes == 20'000'000'000);
    CHECK_FALSE(options->seconds);
    CHECK(options->record_size == 10);
    CHECK(options->batch_size == 99);
    CHECK(options->wait == std::chrono::seconds(4));
    CHECK(options->broker_pid == 12);
    CHECK(options->output == OutputForm::json);
}

TEST_CASE("perf options: a refusal names option, value and rule", "[perf]") {
    CHECK(complaint({"--acks", "2"}) == "--acks: '2' is not a whole number of -1 to 1");
    CHECK(complaint({"--bytes", "1x"}) ==
          "--bytes: '1x' is not a whole number of 1 to 1125899906842624");
    CHECK(complaint({"--seconds", "0"}) == "--seconds: '0' is not a whole number of 1 to 86400");
    CHECK(complaint({"-b", "host"}) ==
          "--bootstrap-server: 'host' is not HOST:PORT, for example 127.0.0.1:9092");
    CHECK(complaint({"--durability", "ram"}) == "--durability: 'ram' is neither memory nor disk");
    CHECK(complaint({"-o", "xml"}) == "--output: 'xml' is neither text nor json");
    CHECK(complaint({"--topic"}) == "--topic needs a value: NAME");
    CHECK(complaint({"--speed"}) == "'--speed' is not an option; see --help");
    CHECK(complaint({""}) == "'' is not an option; see --help");
    CHECK(complaint({"--bytes", "1", "--seconds", "1"}) ==
          "--bytes and --seconds exclude each other: give one");
}

}  // namespace
}  // namespace hw::perf
