#include "tools/perf/request.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "protocol/record/batch.h"
#include "protocol/record/record.h"

namespace hw::perf {
namespace {

constexpr Timestamp kTime{1'700'000'000'000};

TEST_CASE("perf batch: it holds as many records as fit and has a valid CRC", "[perf]") {
    const auto batch = make_batch(1024, 65536, kTime);
    REQUIRE(batch);
    const auto view = record::parse_batch(batch->bytes.view());
    REQUIRE(view);
    CHECK(view->crc_matches());
    CHECK(view->size() == batch->bytes.size());
    CHECK(view->count() == batch->records);
    CHECK(batch->bytes.size() <= 65536);
    CHECK(batch->bytes.size() > 65536 - 1200);
    CHECK(view->max_timestamp() == kTime);
}

TEST_CASE("perf batch: each record has a value of the requested size and no key", "[perf]") {
    const auto batch = make_batch(100, 1000, kTime);
    REQUIRE(batch);
    const auto view = record::parse_batch(batch->bytes.view());
    REQUIRE(view);
    record::RecordCursor records(*view, view->records());
    std::int32_t count = 0;
    while (const auto each = records.next()) {
        ++count;
        CHECK_FALSE(each->key);
        REQUIRE(each->value);
        CHECK(each->value->size() == 100);
    }
    CHECK(records.status());
    CHECK(count == batch->records);
    CHECK(count > 1);
}

TEST_CASE("perf batch: it holds one record even if that exceeds the batch size", "[perf]") {
    const auto batch = make_batch(1024, 1, kTime);
    REQUIRE(batch);
    CHECK(batch->records == 1);
    CHECK(batch->bytes.size() > 1024);
}

TEST_CASE("perf batch: the same sizes give the same bytes", "[perf]") {
    const auto first = make_batch(1024, 65536, kTime);
    const auto second = make_batch(1024, 65536, kTime);
    REQUIRE(first);
    REQUIRE(second);
    CHECK(std::ranges::equal(first->bytes.view(), second->bytes.view()));
}

}  // namespace
}  // namespace hw::perf
