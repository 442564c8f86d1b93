#include "protocol/wire/measure.h"

#include <array>
#include <string>

#include <catch2/catch.hpp>

namespace hw::wire {
namespace {

constexpr ApiVersion kVersion(3);

TEST_CASE("measure: a length takes as many bytes as its form has", "[wire][measure]") {
    const std::string text(200, 'x');
    Measure size;
    size.string(text, Form::fixed, Null::never, "A");
    CHECK(size.own() == 2 + 200);
    size.string(text, Form::compact, Null::never, "A");
    CHECK(size.own() == 202 + 2 + 200);
    size.bytes(as_bytes(text), Form::fixed, Null::never, "A");
    CHECK(size.own() == 404 + 4 + 200);
    size.bytes(as_bytes(text), Form::compact, Null::never, "A");
    CHECK(size.own() == 608 + 2 + 200);
    size.count(Array<int>(), Form::fixed, Null::never, "A");
    CHECK(size.own() == 810 + 4);
    size.tag(1, 127);
    CHECK(size.own() == 814 + 2);
}

TEST_CASE("measure: record bytes are counted separately", "[wire][measure]") {
    const std::string text(200, 'x');
    const std::array<ByteView, 2> slices{as_bytes(text), as_bytes(text)};
    Measure size;
    size.records(slices, Form::fixed, Null::never, "A");
    const Result<Size> result = size.result("M", kVersion);
    REQUIRE(result);
    CHECK(result->own == 4);
    CHECK(result->outside == 400);
    CHECK(result->total() == 404);
}

TEST_CASE("measure: the first reason to refuse a message is the one that is reported",
          "[wire][measure]") {
    Measure size;
    size.string({}, Form::fixed, Null::refused, "Name");
    size.lacks("Other");
    const Result<Size> result = size.result("Message", kVersion);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::invalid);
    CHECK(result.error().message == "Message version 3: Name must not be null");
}

TEST_CASE("measure: a string or bytes field that is never null may have a null pointer",
          "[wire][measure]") {
    Measure size;
    size.string({}, Form::fixed, Null::never, "Name");
    size.bytes({}, Form::fixed, Null::never, "Name");
    CHECK(size.result("Message", kVersion));
    size.count(Array<int>::null(), Form::fixed, Null::never, "Name");
    CHECK_FALSE(size.result("Message", kVersion));
}

TEST_CASE("measure: more bytes than the length field can express are refused", "[wire][measure]") {
    // The bytes are never read, only counted.
    static constexpr std::byte kByte{};
    const ByteView longest(&kByte, INT32_MAX);
    const ByteView longer(&kByte, std::size_t{INT32_MAX} + 1);
    Measure size;
    size.bytes(longest, Form::compact, Null::never, "Name");
    CHECK(size.result("Message", kVersion));
    size.bytes(longer, Form::compact, Null::never, "Name");
    const Result<Size> result = size.result("Message", kVersion);
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ErrorKind::limit);
}

}  // namespace
}  // namespace hw::wire
