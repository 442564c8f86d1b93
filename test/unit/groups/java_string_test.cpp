#include "broker/coordinator/group/java_string.h"

#include <string>

#include <catch2/catch.hpp>

#include "broker/coordinator/group/group_partition.h"

namespace hw::broker {
namespace {

TEST_CASE("java string: hash and length are those of Java, also beyond the first 65,536 characters",
          "[groups]") {
    struct Case {
        std::string text;
        std::int32_t hash;
        std::size_t length;
    };
    const Case cases[] = {{"", 0, 0},
                          {"a", 97, 1},
                          {"hello", 99162322, 5},
                          {"polygenelubricants", INT32_MIN, 18},
                          {"\u00e9", 233, 1},
                          {"\u20ac", 8364, 1},
                          {"\U0001F600", 1772899, 2}};
    for (const Case& one : cases) {
        INFO(one.text);
        CHECK(java_hash(one.text) == one.hash);
        CHECK(java_length(one.text) == one.length);
    }
}

TEST_CASE("java string: each byte that is not UTF-8 counts as a replacement character",
          "[groups]") {
    constexpr std::int32_t kReplacement = 0xFFFD;
    for (const std::string text : {"\x80", "\xff", "\xc3", "\xe2", "\xf0"}) {
        CHECK(java_hash(text) == kReplacement);
        CHECK(java_length(text) == 1);
    }
    // Too long a form, a surrogate, beyond the last character, cut.
    CHECK(java_length("\xc0\x80") == 2);
    CHECK(java_length("\xed\xa0\x80") == 3);
    CHECK(java_length("\xf4\x90\x80\x80") == 4);
    CHECK(java_length("\xe2\x82") == 2);
}

TEST_CASE("group partition: a group has Kafka's partition, also with the smallest hash",
          "[groups]") {
    // Those of Kafka's own log in test/golden/kafka.
    CHECK(partition_of_group("sample-group", 2) == PartitionIndex(0));
    CHECK(partition_of_group("new-protocol", 2) == PartitionIndex(1));
    CHECK(partition_of_group("sample-848", 2) == PartitionIndex(1));
    CHECK(partition_of_group("polygenelubricants", 50) == PartitionIndex(0));
    CHECK(partition_of_group("hello", 50) == PartitionIndex(22));
    CHECK(partition_of_group("", 50) == PartitionIndex(0));
}

}  // namespace
}  // namespace hw::broker
