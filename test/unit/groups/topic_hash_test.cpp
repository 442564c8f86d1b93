#include "broker/coordinator/consumer/topic_hash.h"

#include <catch2/catch.hpp>

namespace hw::broker {
namespace {

const TopicToHash kOrders{.id = TopicId(Uuid{0x0123'4567'89AB'CDEF, 0xFEDC'BA98'7654'3210}),
                          .name = "orders",
                          .racks = {{"b", "a", "b"}, {}, {"a"}}};

// From the log of a group of Kafka 4.3.1 whose member subscribed to "codec-none".
TEST_CASE("topic hash: the metadata hash equals the one that Kafka wrote", "[broker][groups]") {
    const TopicToHash topic{.id = TopicId(Uuid{0x41C6'4BC3'B059'4082, 0x8710'A2B8'0C6B'8AC8}),
                            .name = "codec-none",
                            .racks = {{"RACK1"}}};
    CHECK(metadata_hash({{topic.name, topic_hash(topic)}}) == 297'720'225'587'753'848);
}

// These values are those of hash4j 0.22, Kafka's library.
TEST_CASE("topic hash: racks are sorted, and those of several replicas are all hashed",
          "[broker][groups]") {
    CHECK(topic_hash(kOrders) == 630'076'867'649'291'020);
}

TEST_CASE("topic hash: racks are hashed and sorted as UTF-16", "[broker][groups]") {
    const TopicToHash users{
        .id = TopicId(Uuid{1, 2}), .name = "users", .racks = {{"\uFF21", "\U0001F600", "\u00E9"}}};
    CHECK(topic_hash(users) == -3'046'194'087'290'464'122);
}

TEST_CASE("topic hash: a topic of many partitions is hashed to its end", "[broker][groups]") {
    TopicToHash big{.id = TopicId(Uuid{3, 4}), .name = "big", .racks = {}};
    big.racks.assign(300, {"eu-west-1a", "eu-west-1b"});
    CHECK(topic_hash(big) == -5'325'022'598'968'555'731);
    big.racks.back() = {"eu-west-1a", "eu-west-1c"};
    CHECK(topic_hash(big) != -5'325'022'598'968'555'731);
}

TEST_CASE("topic hash: the topics of a group are hashed in the order of their names",
          "[broker][groups]") {
    CHECK(metadata_hash({{"users", -3'046'194'087'290'464'122},
                         {"orders", 630'076'867'649'291'020}}) == -2'099'919'831'193'863'235);
    CHECK(metadata_hash({{"orders", 630'076'867'649'291'020},
                         {"users", -3'046'194'087'290'464'122}}) == -2'099'919'831'193'863'235);
}

TEST_CASE("topic hash: a group without topics has the hash 0", "[broker][groups]") {
    CHECK(metadata_hash({}) == 0);
}

}  // namespace
}  // namespace hw::broker
