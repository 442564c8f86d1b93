#include "tools/client/counted.h"

#include <catch2/catch.hpp>

namespace hw::client {
namespace {

TEST_CASE("counted: only one is singular", "[client]") {
    CHECK(counted(0, "record") == "0 records");
    CHECK(counted(1, "record") == "1 record");
    CHECK(counted(2, "record") == "2 records");
}

}  // namespace
}  // namespace hw::client
