#include "broker/metadata/producer_id_blocks.h"

#include <limits>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

TEST_CASE("producer id stock: without a block there is no id, and one is due",
          "[metadata][producer-ids]") {
    ProducerIdBlocks stock;
    CHECK(stock.is_low());
    CHECK_FALSE(stock.take());
}

TEST_CASE("producer id stock: a block is given out id by id, then the one after it",
          "[metadata][producer-ids]") {
    ProducerIdBlocks stock;
    REQUIRE(stock.add(ProducerId(1000), 2));
    REQUIRE(stock.add(ProducerId(5000), 1));
    CHECK(stock.take() == ProducerId(1000));
    CHECK(stock.take() == ProducerId(1001));
    CHECK(stock.take() == ProducerId(5000));
    CHECK_FALSE(stock.take());
}

TEST_CASE("producer id stock: another block is due when nine tenths are gone, and not twice",
          "[metadata][producer-ids]") {
    ProducerIdBlocks stock;
    REQUIRE(stock.add(ProducerId(0), 1000));
    for (int taken = 1; taken <= 899; ++taken) {
        REQUIRE(stock.take());
    }
    CHECK_FALSE(stock.is_low());
    REQUIRE(stock.take());
    CHECK(stock.is_low());
    REQUIRE(stock.add(ProducerId(1000), 1000));
    CHECK_FALSE(stock.is_low());
    for (int taken = 901; taken <= 1000 + 899; ++taken) {
        REQUIRE(stock.take());
    }
    CHECK_FALSE(stock.is_low());
    CHECK(stock.take() == ProducerId(1899));
    CHECK(stock.is_low());
}

TEST_CASE("producer id stock: a block with ids of an earlier one is refused",
          "[metadata][producer-ids]") {
    ProducerIdBlocks stock;
    REQUIRE(stock.add(ProducerId(0), 10));
    CHECK_FALSE(stock.add(ProducerId(9), 10));
    REQUIRE(stock.add(ProducerId(10), 10));
    for (int taken = 0; taken < 20; ++taken) {
        CHECK(stock.take() == ProducerId(taken));
    }
    CHECK_FALSE(stock.add(ProducerId(19), 10));
    CHECK_FALSE(stock.take());
    CHECK(stock.add(ProducerId(20), 10));
}

TEST_CASE("producer id stock: what is no range of ids is refused", "[metadata][producer-ids]") {
    ProducerIdBlocks stock;
    CHECK_FALSE(stock.add(ProducerId(-1), 10));
    CHECK_FALSE(stock.add(ProducerId(0), 0));
    CHECK_FALSE(stock.add(ProducerId(0), -1));
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    CHECK_FALSE(stock.add(ProducerId(kMax - 9), 10));
    CHECK(stock.add(ProducerId(kMax - 10), 10));
}

}  // namespace
}  // namespace hw::broker
