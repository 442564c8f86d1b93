#include "protocol/schema/json_printer.h"

#include <limits>

#include <catch2/catch.hpp>

namespace hw::schema {
namespace {

template <class Print>
std::string text(Print print) {
    std::string out;
    JsonPrinter printer(out);
    print(printer);
    return out;
}

std::string number(double value) {
    return text([&](JsonPrinter& out) { out.float64(value); });
}

TEST_CASE("json: objects and arrays are written without spaces", "[schema][json]") {
    CHECK(text([](JsonPrinter& out) {
              out.begin_object();
              out.key("a");
              out.number(1);
              out.key("b");
              out.begin_array();
              out.string("x");
              out.null();
              out.begin_object();
              out.end_object();
              out.boolean(true);
              out.end_array();
              out.end_object();
          }) == R"({"a":1,"b":["x",null,{},true]})");
}

TEST_CASE("json: a comma follows a string even if the string ends in a bracket", "[schema][json]") {
    CHECK(text([](JsonPrinter& out) {
              out.begin_array();
              out.string("[");
              out.string("{:");
              out.end_array();
          }) == R"(["[","{:"])");
}

TEST_CASE("json: a value is appended to the existing text", "[schema][json]") {
    std::string out = "record ";
    JsonPrinter printer(out);
    printer.begin_object();
    printer.end_object();
    CHECK(out == "record {}");
}

TEST_CASE("json: control characters, quotes and backslashes are escaped", "[schema][json]") {
    CHECK(text([](JsonPrinter& out) { out.string("a\"b\\c\n\t\x01\x1F\xC3\xA4"); }) ==
          "\"a\\\"b\\\\c\\n\\t\\u0001\\u001F\xC3\xA4\"");
}

TEST_CASE("json: floating-point numbers are written as Java does", "[schema][json]") {
    CHECK(number(0) == "0.0");
    CHECK(number(-0.0) == "-0.0");
    CHECK(number(1) == "1.0");
    CHECK(number(1'000'000) == "1000000.0");
    CHECK(number(9'999'999.5) == "9999999.5");
    CHECK(number(10'000'000) == "1.0E7");
    CHECK(number(-12'345'678.9) == "-1.23456789E7");
    CHECK(number(0.001) == "0.001");
    CHECK(number(0.0625) == "0.0625");
    CHECK(number(0.00012) == "1.2E-4");
    CHECK(number(1e300) == "1.0E300");
    CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
    CHECK(number(-std::numeric_limits<double>::infinity()) == "\"-Infinity\"");
}

TEST_CASE("json: bytes are base64 with padding, uuids base64url without", "[schema][json]") {
    const auto base64 = [](std::string_view bytes) {
        return text([&](JsonPrinter& out) { out.bytes(as_bytes(bytes)); });
    };
    CHECK(base64("") == R"("")");
    CHECK(base64("f") == R"("Zg==")");
    CHECK(base64("fo") == R"("Zm8=")");
    CHECK(base64("foo") == R"("Zm9v")");
    CHECK(base64("\xFB\xFF") == R"("+/8=")");
    CHECK(text([](JsonPrinter& out) { out.uuid(Uuid{1, 2}); }) == R"("AAAAAAAAAAEAAAAAAAAAAg")");
}

TEST_CASE("json: the smallest and largest integers are exact", "[schema][json]") {
    CHECK(text([](JsonPrinter& out) {
              out.begin_array();
              out.number(std::numeric_limits<std::int64_t>::min());
              out.number(std::numeric_limits<std::uint32_t>::max());
              out.end_array();
          }) == "[-9223372036854775808,4294967295]");
}

}  // namespace
}  // namespace hw::schema
