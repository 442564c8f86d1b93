#include "protocol/record/batch_cursor.h"

#include <cstring>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

std::string three_batches() {
    std::string bytes;
    for (std::int32_t i = 1; i <= 3; ++i) {
        BatchOptions options;
        options.base_offset = Offset{i * 10};
        bytes += as_text(test::build(test::plain_records(i), options).view());
    }
    return bytes;
}

TEST_CASE("batches: consecutive batches are all found, to the last byte", "[record][cursor]") {
    const std::string bytes = three_batches();
    BatchCursor cursor(as_bytes(bytes));
    std::vector<std::int64_t> offsets;
    while (const auto batch = cursor.next()) {
        offsets.push_back(batch->base_offset().value());
        CHECK(batch->crc_matches());
    }
    CHECK(offsets == std::vector<std::int64_t>{10, 20, 30});
    CHECK(cursor.end() == BatchesEnd::complete);
    CHECK(cursor.position() == bytes.size());
    CHECK(cursor.status());
}

TEST_CASE("batches: input that is cut at any byte ends after the last whole batch",
          "[record][cursor]") {
    const std::string bytes = three_batches();
    std::vector<std::size_t> ends{0};
    BatchCursor whole(as_bytes(bytes));
    while (whole.next()) {
        ends.push_back(whole.position());
    }
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const Buffer cut = test::copy_of(as_bytes(bytes).first(size));
        BatchCursor cursor(cut.view());
        std::size_t count = 0;
        while (cursor.next()) {
            ++count;
        }
        REQUIRE(ends[count] <= size);
        REQUIRE(size < ends[count + 1]);
        REQUIRE(cursor.position() == ends[count]);
        const bool at_boundary = size == ends[count];
        REQUIRE(cursor.end() == (at_boundary ? BatchesEnd::complete : BatchesEnd::cut));
        REQUIRE(cursor.status().has_value() == at_boundary);
    }
}

TEST_CASE("batches: zeros after the last batch are bad, and the error has their position",
          "[record][cursor]") {
    const std::string bytes = three_batches() + std::string(100, '\0');
    BatchCursor cursor(as_bytes(bytes));
    while (cursor.next()) {
    }
    CHECK(cursor.end() == BatchesEnd::bad);
    CHECK(cursor.status().error().message.find("(at byte " + std::to_string(bytes.size() - 100) +
                                               " of ") != std::string::npos);
}

TEST_CASE("batches: an impossible length or magic is bad, however few bytes follow",
          "[record][cursor]") {
    Buffer bytes = test::build(test::plain_records(1));
    for (const std::int32_t length : {48, 0, -1, -1000, INT32_MIN}) {
        CAPTURE(length);
        store_big_endian(bytes.data() + BatchLayout::kLength, length);
        BatchCursor cursor(bytes.view().first(20));
        CHECK_FALSE(cursor.next());
        CHECK(cursor.end() == BatchesEnd::bad);
    }
    store_big_endian(bytes.data() + BatchLayout::kLength, std::int32_t{49});
    bytes.data()[BatchLayout::kMagic] = std::byte{1};
    BatchCursor old(bytes.view());
    CHECK_FALSE(old.next());
    CHECK(old.end() == BatchesEnd::bad);
    CHECK(old.status().error().kind == ErrorKind::unsupported);
}

}  // namespace
}  // namespace hw::record
