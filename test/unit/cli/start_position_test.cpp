#include <string>

#include <catch2/catch.hpp>

#include "tools/cli/consumer.h"
#include "tools/client/partition_io.h"

namespace hw::cli {
namespace {

std::int64_t time_of(std::string_view text) {
    const auto position = parse_start_position("from", text);
    REQUIRE(position);
    REQUIRE(std::holds_alternative<Timestamp>(*position));
    return std::get<Timestamp>(*position).value();
}

TEST_CASE("start position: it is the beginning, the end or an offset", "[cli]") {
    CHECK(parse_start_position("from", "beginning") == StartPosition(client::kLogStart));
    CHECK(parse_start_position("from", "end") == StartPosition(client::kLogEnd));
    CHECK(parse_start_position("from", "0") == StartPosition(Offset(0)));
    CHECK(parse_start_position("from", "9223372036854775807") ==
          StartPosition(Offset(9223372036854775807)));
}

TEST_CASE("start position: a time needs only its date, and is in UTC by default", "[cli]") {
    CHECK(time_of("1970-01-02") == 86'400'000);
    CHECK(time_of("2026-11-23T10:30") == 1'795'429'800'000);
    CHECK(time_of("2026-11-23T10:30:05") == 1'795'429'805'000);
    CHECK(time_of("2026-11-23T10:30:05.250Z") == 1'795'429'805'250);
    CHECK(time_of("2024-02-29T00:00Z") == 1'709'164'800'000);
}

TEST_CASE("start position: a zone's offset from UTC is subtracted from the time", "[cli]") {
    CHECK(time_of("2026-11-23T10:30+02:00") == 1'795'429'800'000 - 7'200'000);
    CHECK(time_of("2026-11-23T10:30-05:30") == 1'795'429'800'000 + 19'800'000);
}

TEST_CASE("start position: any other text is refused", "[cli]") {
    const std::string text = GENERATE(
        as<std::string>{}, "", "begin", "-1", "-2", "1.5", "9223372036854775808", "2026-11",
        "2026-02-30", "2026-13-01", "2026-11-23T", "2026-11-23T24:00", "2026-11-23T10:60",
        "2026-11-23T10:30:61", "2026-11-23T10:30:00.2", "2026-11-23T10:30ZZ",
        "2026-11-23T10:30+0200", "2026-11-23 10:30", "1969-12-31", "+026-11-23");
    CAPTURE(text);
    const auto position = parse_start_position("from", text);
    REQUIRE_FALSE(position);
    CHECK(position.error().kind == ErrorKind::invalid);
}

}  // namespace
}  // namespace hw::cli
