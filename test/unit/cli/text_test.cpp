#include <string>

#include <catch2/catch.hpp>

#include "tools/cli/output.h"
#include "tools/cli/record_printer.h"

namespace hw::cli {
namespace {

TEST_CASE("table: a column is as wide as its widest cell; the last one is not padded", "[cli]") {
    Table table({"NAME", "N"});
    table.add({"a-long-name", "1"});
    table.add({"b", "22"});
    CHECK(table.text() == "NAME         N\na-long-name  1\nb            22\n");
}

TEST_CASE("utf8: well-formed characters of one to four bytes are accepted", "[cli]") {
    const std::string text = GENERATE(as<std::string>{}, "", "abc", "\xc2\x80", "\xdf\xbf",
                                      "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                      "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xe2\x82\xac z");
    CAPTURE(text);
    CHECK(is_utf8(as_bytes(text)));
}

TEST_CASE("utf8: truncated, overlong, surrogate and too large sequences are refused", "[cli]") {
    const std::string text =
        GENERATE(as<std::string>{}, "\x80", "\xc2", "\xc2z", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
                 "\xe2\x82", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
                 "\xf5\x80\x80\x80\x80", "\xff");
    CAPTURE(text);
    CHECK_FALSE(is_utf8(as_bytes(text)));
}

}  // namespace
}  // namespace hw::cli
