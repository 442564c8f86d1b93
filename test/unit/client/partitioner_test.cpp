#include <catch2/catch.hpp>

#include "tools/client/partition_io.h"

namespace hw::client {
namespace {

std::int32_t hash(std::string_view text) {
    return static_cast<std::int32_t>(murmur2(as_bytes(text)));
}

TEST_CASE("partitioner: hashes equal those of Kafka's Java client", "[client]") {
    CHECK(hash("21") == -973932308);
    CHECK(hash("foobar") == -790332482);
    CHECK(hash("a-little-bit-long-string") == -985981536);
    CHECK(hash("a-little-bit-longer-string") == -1486304829);
    CHECK(hash("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8") == -58897971);
    CHECK(hash("abc") == 479470107);
}

TEST_CASE("partitioner: the sign bit of a negative hash is cleared; the hash is not negated",
          "[client]") {
    // -973932308 without its sign bit is 1173551340.
    CHECK(partition_of_key(as_bytes("21"), 1000) == PartitionIndex(340));
    CHECK(partition_of_key(as_bytes("abc"), 1000) == PartitionIndex(107));
    CHECK(partition_of_key(as_bytes("abc"), 1) == PartitionIndex(0));
}

}  // namespace
}  // namespace hw::client
