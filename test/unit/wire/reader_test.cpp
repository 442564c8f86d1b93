#include "protocol/wire/reader.h"

#include <array>

#include <catch2/catch.hpp>

namespace hw::wire {
namespace {

template <std::size_t N>
ByteView view(const std::array<unsigned char, N>& bytes) {
    return std::as_bytes(std::span(bytes));
}

TEST_CASE("reader: numbers, strings and uuids are read in network order", "[wire][reader]") {
    Arena arena(0);
    const auto bytes =
        std::to_array<unsigned char>({0x01, 0x02, 0, 2, 'h', 'i', 0x85, 0x01, 1, 0, 0, 0, 0,
                                      0,    0,    0, 7, 0,   0,   0,    0,    0, 0, 0, 9});
    Reader reader(view(bytes), arena);
    CHECK(reader.integer<std::int16_t>() == 0x0102);
    CHECK(reader.string(reader.length16()) == "hi");
    CHECK(reader.uvarint() == 133);
    CHECK(reader.boolean());
    CHECK(reader.uuid() == Uuid{7, 9});
    CHECK(reader.finish());
}

TEST_CASE("reader: after the first error nothing is read and the error stays", "[wire][reader]") {
    Arena arena(0);
    const auto bytes = std::to_array<unsigned char>({0, 9, 'a', 'b', 1, 2, 3, 4});
    Reader reader(view(bytes), arena);
    CHECK(reader.string(reader.length16()).empty());
    CHECK(reader.failed());
    CHECK(reader.integer<std::int32_t>() == 0);
    const auto status = reader.status();
    REQUIRE_FALSE(status);
    CHECK(status.error().kind == ErrorKind::corrupt);
    CHECK(status.error().message ==
          "a length is larger than the rest of the message (at byte 2 of 8)");
}

TEST_CASE("reader: bytes after the message are an error only in finish()", "[wire][reader]") {
    Arena arena(0);
    const auto bytes = std::to_array<unsigned char>({1, 2, 3});
    Reader reader(view(bytes), arena);
    CHECK(reader.integer<std::int8_t>() == 1);
    CHECK(reader.status());
    const auto finished = reader.finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().message == "2 bytes are left after the message (at byte 1 of 3)");
}

TEST_CASE("reader: an array that cannot fit in the message allocates nothing", "[wire][reader]") {
    Arena arena(1 << 30);
    const std::array<unsigned char, 100> bytes{};
    SECTION("one element too many") {
        Reader reader(view(bytes), arena);
        CHECK(reader.elements<std::int32_t>(26, 4) == nullptr);
        CHECK(reader.failed());
    }
    SECTION("as many as fit") {
        Reader reader(view(bytes), arena);
        CHECK(reader.elements<std::int32_t>(25, 4) != nullptr);
        CHECK_FALSE(reader.failed());
    }
    SECTION("a negative count") {
        Reader reader(view(bytes), arena);
        CHECK(reader.elements<std::int32_t>(-1, 4) == nullptr);
        CHECK(reader.failed());
    }
    CHECK(arena.used() <= 100);
}

TEST_CASE("reader: an array beyond the arena's budget is a limit error, not corruption",
          "[wire][reader]") {
    Arena arena(99);
    const std::array<unsigned char, 100> bytes{};
    Reader reader(view(bytes), arena);
    CHECK(reader.elements<std::byte>(100, 1) == nullptr);
    const auto status = reader.status();
    REQUIRE_FALSE(status);
    CHECK(status.error().kind == ErrorKind::limit);
}

TEST_CASE("reader: more than a million elements are refused", "[wire][reader]") {
    Arena arena(1 << 30);
    const std::vector<std::byte> bytes(Reader::kMaxArrayElements + 1);
    Reader at_the_limit(bytes, arena);
    CHECK(at_the_limit.elements<std::byte>(Reader::kMaxArrayElements, 1) != nullptr);
    Reader beyond(bytes, arena);
    CHECK(beyond.elements<std::byte>(Reader::kMaxArrayElements + 1, 1) == nullptr);
}

TEST_CASE("reader: unknown tagged fields are skipped up to their limit", "[wire][reader]") {
    Arena arena(0);
    const std::vector<std::byte> bytes(Reader::kMaxTaggedFields + 1);
    Reader reader(bytes, arena);
    for (std::size_t i = 0; i < Reader::kMaxTaggedFields; ++i) {
        reader.skip_tagged_field(1);
    }
    CHECK_FALSE(reader.failed());
    reader.skip_tagged_field(1);
    CHECK(reader.failed());
}

TEST_CASE("reader: several bytes are taken with one bounds check", "[wire][reader]") {
    Arena arena(0);
    const auto bytes = std::to_array<unsigned char>({0, 1, 2, 3, 4});
    Reader reader(view(bytes), arena);
    const std::byte* at = reader.take(4);
    REQUIRE(at != nullptr);
    CHECK(load_big_endian<std::int32_t>(at) == 0x00010203);
    CHECK(reader.take(0) != nullptr);
    CHECK(reader.remaining() == 1);
    CHECK(reader.take(2) == nullptr);
    CHECK(reader.failed());
    CHECK(reader.remaining() == 0);
}

TEST_CASE("reader: all tagged fields can be skipped at once", "[wire][reader]") {
    Arena arena(0);
    SECTION("none") {
        const auto bytes = std::to_array<unsigned char>({0, 7});
        Reader reader(view(bytes), arena);
        reader.skip_tagged_fields();
        CHECK(reader.integer<std::int8_t>() == 7);
    }
    SECTION("two") {
        const auto bytes = std::to_array<unsigned char>({2, 0, 1, 9, 0x81, 1, 2, 9, 9, 7});
        Reader reader(view(bytes), arena);
        reader.skip_tagged_fields();
        CHECK(reader.integer<std::int8_t>() == 7);
        CHECK(reader.finish());
    }
    SECTION("more than the message has bytes for") {
        const auto bytes = std::to_array<unsigned char>({0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0});
        Reader reader(view(bytes), arena);
        reader.skip_tagged_fields();
        CHECK(reader.failed());
    }
}

TEST_CASE("reader: a tagged field must be as long as its value", "[wire][reader]") {
    Arena arena(0);
    const auto bytes = std::to_array<unsigned char>({0, 0, 0, 5, 9, 7});
    SECTION("equal") {
        Reader reader(view(bytes), arena);
        Reader field = reader.nested(4);
        CHECK(field.integer<std::int32_t>() == 5);
        reader.join(field);
        CHECK(reader.integer<std::int8_t>() == 9);
        CHECK_FALSE(reader.failed());
    }
    SECTION("longer") {
        Reader reader(view(bytes), arena);
        Reader field = reader.nested(5);
        CHECK(field.integer<std::int32_t>() == 5);
        reader.join(field);
        CHECK(reader.failed());
    }
    SECTION("shorter") {
        Reader reader(view(bytes), arena);
        Reader field = reader.nested(3);
        CHECK(field.integer<std::int32_t>() == 0);
        reader.join(field);
        CHECK(reader.failed());
    }
    SECTION("beyond the message") {
        Reader reader(view(bytes), arena);
        static_cast<void>(reader.nested(7));
        CHECK(reader.failed());
    }
}

}  // namespace
}  // namespace hw::wire
