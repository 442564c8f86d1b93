#include "protocol/record/control_record.h"

#include <array>

#include <catch2/catch.hpp>

namespace hw::record {
namespace {

template <class... Bytes>
std::array<std::byte, sizeof...(Bytes)> raw(Bytes... bytes) {
    return {static_cast<std::byte>(bytes)...};
}

TEST_CASE("control: a key is a version and a type number", "[record][control]") {
    CHECK(encode_control_key(ControlType::abort) == raw(0, 0, 0, 0));
    CHECK(encode_control_key(ControlType::commit) == raw(0, 0, 0, 1));
    CHECK(encode_control_key(ControlType::kraft_voters) == raw(0, 0, 0, 6));
    for (std::int16_t type = 0; type <= 6; ++type) {
        const auto key = encode_control_key(static_cast<ControlType>(type));
        CHECK(parse_control_key(key) == static_cast<ControlType>(type));
    }
}

TEST_CASE("control: only the start of a longer key of a later version is read",
          "[record][control]") {
    CHECK(parse_control_key(raw(0, 1, 0, 2, 9, 9)) == ControlType::leader_change);
}

TEST_CASE("control: a short key and a negative version are corrupt, an unknown type is unsupported",
          "[record][control]") {
    CHECK(parse_control_key(raw(0, 0, 0)).error().kind == ErrorKind::corrupt);
    CHECK(parse_control_key({}).error().kind == ErrorKind::corrupt);
    CHECK(parse_control_key(raw(0xFF, 0xFF, 0, 0)).error().kind == ErrorKind::corrupt);
    CHECK(parse_control_key(raw(0, 0, 0, 7)).error().kind == ErrorKind::unsupported);
    CHECK(parse_control_key(raw(0, 0, 0xFF, 0xFF)).error().kind == ErrorKind::unsupported);
}

TEST_CASE("control: a marker carries the coordinator's epoch", "[record][control]") {
    const auto value = encode_end_transaction(CoordinatorEpoch{0x0102'0304});
    CHECK(value == raw(0, 0, 1, 2, 3, 4));
    CHECK(parse_end_transaction(value) == CoordinatorEpoch{0x0102'0304});
    CHECK(parse_end_transaction(raw(0, 0, 1, 2, 3)).error().kind == ErrorKind::corrupt);
    CHECK(parse_end_transaction(raw(0x80, 0, 1, 2, 3, 4)).error().kind == ErrorKind::corrupt);
}

}  // namespace
}  // namespace hw::record
