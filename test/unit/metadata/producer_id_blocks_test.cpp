#include "broker/metadata/producer_id_blocks.h"

#include <limits>

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

TEST_CASE("producer id blocks: without a block there is no id, and a block is needed",
          "[metadata][producer-ids]") {
    ProducerIdBlocks blocks;
    CHECK(blocks.is_low());
    CHECK_FALSE(blocks.take());
}

TEST_CASE("producer id blocks: ids are given out in order, one block after the other",
          "[metadata][producer-ids]") {
    ProducerIdBlocks blocks;
    REQUIRE(blocks.add(ProducerId(1000), 2));
    REQUIRE(blocks.add(ProducerId(5000), 1));
    CHECK(blocks.take() == ProducerId(1000));
    CHECK(blocks.take() == ProducerId(1001));
    CHECK(blocks.take() == ProducerId(5000));
    CHECK_FALSE(blocks.take());
}

TEST_CASE("producer id blocks: the next block is needed when nine tenths of the last one are used",
          "[metadata][producer-ids]") {
    ProducerIdBlocks blocks;
    REQUIRE(blocks.add(ProducerId(0), 1000));
    for (int taken = 1; taken <= 899; ++taken) {
        REQUIRE(blocks.take());
    }
    CHECK_FALSE(blocks.is_low());
    REQUIRE(blocks.take());
    CHECK(blocks.is_low());
    REQUIRE(blocks.add(ProducerId(1000), 1000));
    CHECK_FALSE(blocks.is_low());
    for (int taken = 901; taken <= 1000 + 899; ++taken) {
        REQUIRE(blocks.take());
    }
    CHECK_FALSE(blocks.is_low());
    CHECK(blocks.take() == ProducerId(1899));
    CHECK(blocks.is_low());
}

TEST_CASE("producer id blocks: a block that repeats ids of an earlier one is refused",
          "[metadata][producer-ids]") {
    ProducerIdBlocks blocks;
    REQUIRE(blocks.add(ProducerId(0), 10));
    CHECK_FALSE(blocks.add(ProducerId(9), 10));
    REQUIRE(blocks.add(ProducerId(10), 10));
    for (int taken = 0; taken < 20; ++taken) {
        CHECK(blocks.take() == ProducerId(taken));
    }
    CHECK_FALSE(blocks.add(ProducerId(19), 10));
    CHECK_FALSE(blocks.take());
    CHECK(blocks.add(ProducerId(20), 10));
}

TEST_CASE("producer id blocks: an invalid range of ids is refused", "[metadata][producer-ids]") {
    ProducerIdBlocks blocks;
    CHECK_FALSE(blocks.add(ProducerId(-1), 10));
    CHECK_FALSE(blocks.add(ProducerId(0), 0));
    CHECK_FALSE(blocks.add(ProducerId(0), -1));
    constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
    CHECK_FALSE(blocks.add(ProducerId(kMax - 9), 10));
    CHECK(blocks.add(ProducerId(kMax - 10), 10));
}

}  // namespace
}  // namespace hw::broker
