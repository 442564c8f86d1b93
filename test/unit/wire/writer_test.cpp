#include "protocol/wire/writer.h"

#include <array>
#include <string>

#include <catch2/catch.hpp>

namespace hw::wire {
namespace {

std::string joined(const Slices& slices) {
    std::string all;
    for (const ByteView slice : slices) {
        all += as_text(slice);
    }
    return all;
}

TEST_CASE("writer: outside slices are inserted in their place and not copied", "[wire][writer]") {
    const std::string records = "0123456789";
    const std::array<ByteView, 2> parts{as_bytes(std::string_view(records).substr(0, 4)),
                                        as_bytes(std::string_view(records).substr(4))};
    Buffer own(4);
    Slices slices;
    Writer writer(own.bytes(), slices);
    writer.length_compact(1);
    writer.string("a");
    writer.outside(parts);
    writer.integer<std::int16_t>(0x4142);
    writer.finish();
    CHECK(joined(slices) == std::string("\x02") + "a0123456789AB");
    REQUIRE(slices.size() == 4);
    CHECK(slices[1].data() == parts[0].data());
    CHECK(slices[2].data() == parts[1].data());
}

TEST_CASE("writer: no empty slice follows the records at the end of a message", "[wire][writer]") {
    Buffer own(4);
    Slices slices;
    Writer writer(own.bytes(), slices);
    writer.length32(0);
    writer.outside(Records());
    writer.finish();
    CHECK(slices.size() == 1);
}

}  // namespace
}  // namespace hw::wire
