#include "protocol/wire/error_code.h"

#include <catch2/catch.hpp>

namespace hw::wire {
namespace {

TEST_CASE("error codes: number, name and whether to retry agree with the protocol", "[wire]") {
    CHECK(static_cast<int>(ErrorCode::not_leader_or_follower) == 6);
    CHECK(to_string(ErrorCode::not_leader_or_follower) == "NOT_LEADER_OR_FOLLOWER");
    CHECK(is_retriable(ErrorCode::not_leader_or_follower));
    CHECK(to_string(ErrorCode::none) == "NONE");
    CHECK_FALSE(is_retriable(ErrorCode::invalid_topic_exception));
    CHECK(to_string(ErrorCode::unknown_server_error) == "UNKNOWN_SERVER_ERROR");
    CHECK(to_string(ErrorCode::controller_id_not_registered) == "CONTROLLER_ID_NOT_REGISTERED");
}

TEST_CASE("error codes: a number outside the table is not an error code", "[wire]") {
    CHECK(error_code(35) == ErrorCode::unsupported_version);
    CHECK(error_code(-1) == ErrorCode::unknown_server_error);
    CHECK_FALSE(error_code(137));
    CHECK_FALSE(error_code(-2));
    CHECK(to_string(static_cast<ErrorCode>(999)) == "UNKNOWN_SERVER_ERROR");
}

}  // namespace
}  // namespace hw::wire
