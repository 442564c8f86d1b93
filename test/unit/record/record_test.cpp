#include "protocol/record/record.h"

#include <initializer_list>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "protocol/record/record_scanner.h"
#include "test/unit/record/fixture.h"

namespace hw::record {
namespace {

std::vector<std::byte> raw(std::initializer_list<int> bytes) {
    std::vector<std::byte> out;
    for (const int byte : bytes) {
        out.push_back(static_cast<std::byte>(byte));
    }
    return out;
}

/// The error of both readers of records for a batch of `count` records with these bytes; empty if
/// they accept it.
std::string refusal(const std::vector<std::byte>& records, std::int32_t count) {
    const Buffer bytes = test::batch_of(records, count);
    const BatchView batch = test::parsed(bytes.view());
    RecordCursor cursor(batch, batch.records());
    while (cursor.next()) {
    }
    RecordScanner scanner;
    REQUIRE(scanner.start(batch));
    RecordSummary summary;
    while (scanner.next(summary)) {
    }
    const auto status = cursor.status();
    CHECK(status.has_value() == scanner.status().has_value());
    return status ? std::string() : status.error().message;
}

// Length 6 (zig-zag 12), attributes, timestamp delta 0, offset delta 0, no key, no value, no
// headers.
const std::initializer_list<int> kSmallest = {12, 0, 0, 0, 1, 1, 0};

TEST_CASE("record: the smallest record has null key, null value, no headers", "[record][record]") {
    const Buffer bytes = test::batch_of(raw(kSmallest), 1);
    const BatchView batch = test::parsed(bytes.view());
    RecordCursor cursor(batch, batch.records());
    const auto record = cursor.next();
    REQUIRE(record);
    CHECK_FALSE(record->key);
    CHECK_FALSE(record->value);
    CHECK(record->headers.remaining() == 0);
    CHECK(record->offset == batch.base_offset());
    CHECK_FALSE(cursor.next());
    CHECK(cursor.status());
}

TEST_CASE("record: offset and timestamp are the batch's plus the record's", "[record][record]") {
    const Buffer bytes = test::batch_of(raw({12, 0, 3, 14, 0, 0, 0}), 1);
    const BatchView batch = test::parsed(bytes.view());
    RecordCursor cursor(batch, batch.records());
    const auto record = cursor.next();
    REQUIRE(record);
    CHECK(record->offset == Offset{7});
    CHECK(record->timestamp == test::kNow - 2);
    CHECK(record->key.value().empty());
    CHECK(record->value.value().empty());
}

TEST_CASE("record: a wrong length, number or count is refused with its reason",
          "[record][record]") {
    CHECK(refusal(raw(kSmallest), 1).empty());
    CHECK_THAT(refusal(raw({14, 0, 0, 0, 1, 1, 0}), 1), Catch::Contains("its length is cut"));
    CHECK_THAT(refusal(raw({11, 0, 0, 0, 1, 1, 0}), 1), Catch::Contains("its length is cut"));
    CHECK_THAT(refusal(raw({0x80, 0x80, 0x80, 0x80, 0x10}), 1), Catch::Contains("its length"));
    CHECK_THAT(refusal(raw({0}), 1), Catch::Contains("it is empty"));
    CHECK_THAT(refusal(raw({12, 0, 0x80, 0x80, 0x80, 0x80, 0x80}), 1),
               Catch::Contains("a number in it is cut short"));
    CHECK_THAT(refusal(raw({12, 0, 0, 0, 3, 1, 0}), 1), Catch::Contains("its key"));
    CHECK_THAT(refusal(raw({12, 0, 0, 0, 20, 1, 0}), 1), Catch::Contains("its key"));
    CHECK_THAT(refusal(raw({12, 0, 0, 0, 1, 3, 0}), 1), Catch::Contains("its value"));
    CHECK_THAT(refusal(raw({12, 0, 0, 0, 1, 2, 0}), 1), Catch::Contains("header count"));
    CHECK_THAT(refusal(raw({12, 0, 0, 0, 1, 1, 1}), 1), Catch::Contains("header count"));
    CHECK_THAT(refusal(raw({14, 0, 0, 0, 1, 1, 2, 0}), 1), Catch::Contains("headers"));
    CHECK_THAT(refusal(raw({16, 0, 0, 0, 1, 1, 2, 1, 0}), 1), Catch::Contains("headers"));
    CHECK_THAT(refusal(raw({16, 0, 0, 0, 1, 1, 2, 0, 8}), 1), Catch::Contains("headers"));
    CHECK_THAT(refusal(raw({14, 0, 0, 0, 1, 1, 0, 0}), 1), Catch::Contains("bytes are left in it"));
}

TEST_CASE("record: more or fewer records than announced are refused", "[record][record]") {
    std::vector<std::byte> two = raw(kSmallest);
    two.insert(two.end(), two.begin(), two.end());
    CHECK_THAT(refusal(two, 1), Catch::Contains("7 bytes are left after the last"));
    CHECK_THAT(refusal(two, 3), Catch::Contains("record 2 of 3"));
    CHECK_FALSE(refusal(two, 2).size() > 0);
    CHECK_THAT(refusal(two, -1), Catch::Contains("-1 records"));
}

TEST_CASE("record: a record length that ends inside a number is refused", "[record][record]") {
    // The first record claims fewer bytes than its fields take. The bytes after it could hide that.
    for (int length = 1; length < 6; ++length) {
        std::vector<std::byte> two = raw(kSmallest);
        two[0] = static_cast<std::byte>(length * 2);
        two.insert(two.end(), 14, std::byte{0});
        CHECK_FALSE(refusal(two, 2).empty());
    }
}

}  // namespace
}  // namespace hw::record
