#include "protocol/base/duration_text.h"

#include <catch2/catch.hpp>

namespace hw {
namespace {

TEST_CASE("short duration: milliseconds below a second, then tenths of a second", "[base]") {
    CHECK(short_duration(std::chrono::milliseconds(0)) == "0 ms");
    CHECK(short_duration(std::chrono::milliseconds(999)) == "999 ms");
    CHECK(short_duration(std::chrono::milliseconds(1000)) == "1.0 s");
    CHECK(short_duration(std::chrono::milliseconds(61260)) == "61.3 s");
}

}  // namespace
}  // namespace hw
