#include "tools/client/words.h"

#include <catch2/catch.hpp>

namespace hw::client {
namespace {

using wire::ErrorCode;

TEST_CASE("counted: the noun is singular only for 1", "[client]") {
    CHECK(counted(0, "record") == "0 records");
    CHECK(counted(1, "record") == "1 record");
    CHECK(counted(2, "record") == "2 records");
}

TEST_CASE("wire error: a code is busy if a retry may succeed, and of another kind if not",
          "[client]") {
    CHECK(error_of(ErrorCode::not_leader_or_follower, "x").kind == ErrorKind::busy);
    CHECK(error_of(ErrorCode::not_enough_replicas, "x").kind == ErrorKind::busy);
    CHECK(error_of(ErrorCode::unknown_server_error, "x").kind == ErrorKind::io);
    CHECK(error_of(ErrorCode::unknown_topic_or_partition, "x").kind == ErrorKind::not_found);
    CHECK(error_of(ErrorCode::topic_authorization_failed, "x").kind == ErrorKind::permission);
}

TEST_CASE(
    "wire error: a code is not busy if the records may be appended and a retry would repeat them",
    "[client]") {
    CHECK(error_of(ErrorCode::request_timed_out, "x").kind == ErrorKind::timed_out);
    CHECK(error_of(ErrorCode::not_enough_replicas_after_append, "x").kind == ErrorKind::timed_out);
}

TEST_CASE("wire error: the message has the subject, the name of the code and the broker's message",
          "[client]") {
    CHECK(error_of(ErrorCode::invalid_config, "topic 'a'", "no such key").message ==
          "topic 'a': INVALID_CONFIG: no such key");
    CHECK(error_of(ErrorCode::invalid_config, "topic 'a'").message == "topic 'a': INVALID_CONFIG");
}

TEST_CASE("wire error: a name that says little is explained if the broker sent no message",
          "[client]") {
    CHECK(error_of(ErrorCode::invalid_topic_exception, "topic 'a b'").message ==
          "topic 'a b': INVALID_TOPIC_EXCEPTION: a topic's name has 1 to 249 characters, which are "
          "a-z, A-Z, 0-9, '.', '_' and '-', and is neither '.' nor '..'");
    CHECK(error_of(ErrorCode::invalid_topic_exception, "topic 'a'", "it is internal").message ==
          "topic 'a': INVALID_TOPIC_EXCEPTION: it is internal");
}

TEST_CASE("wire error: for an error inside the broker the message refers to the broker's log",
          "[client]") {
    CHECK(
        error_of(ErrorCode::kafka_storage_error, "partition a-0").message ==
        "partition a-0: KAFKA_STORAGE_ERROR: the broker cannot use the files of the partition; its "
        "log says why");
    CHECK(error_of(ErrorCode::unknown_server_error, "topic 'a'").message ==
          "topic 'a': UNKNOWN_SERVER_ERROR: something failed inside the broker; its log says why");
}

TEST_CASE("outcome: a change whose request may have been sent is unknown, with how to look",
          "[client]") {
    const auto kind = GENERATE(ErrorKind::closed, ErrorKind::timed_out);
    CHECK(with_outcome({kind, "no answer"}, "topic describe a").message ==
          "no answer; the outcome is unknown: 'hw topic describe a' shows it");
}

TEST_CASE("outcome: a change that was refused is known", "[client]") {
    const auto kind = GENERATE(ErrorKind::busy, ErrorKind::invalid, ErrorKind::not_sent);
    CHECK(with_outcome({kind, "refused"}, "topic describe a").message == "refused");
}

}  // namespace
}  // namespace hw::client
