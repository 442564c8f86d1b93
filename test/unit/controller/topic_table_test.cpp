#include "controller/image/topic_table.h"

#include <catch2/catch.hpp>

#include "controller/image/topic_name.h"
#include "test/unit/controller/world.h"

namespace hw::controller {
namespace {

using testing::uuid;

TopicImage topic(std::uint64_t id, std::string name) {
    return {.id = TopicId(uuid(id)), .name = std::move(name), .internal = false, .partitions = {}};
}

PartitionImage partition(std::int32_t index, std::int32_t leader, std::vector<BrokerId> isr) {
    PartitionImage image;
    image.index = PartitionIndex(index);
    image.leader = BrokerId(leader);
    image.replicas = isr;
    image.isr = std::move(isr);
    return image;
}

TEST_CASE("topic table: a topic is found by its name and by its id until it is erased",
          "[controller][image]") {
    TopicTable table;
    table.put(topic(1, "orders"));
    table.put(topic(2, "audit"));
    REQUIRE(table.find("orders") != nullptr);
    REQUIRE(table.find(TopicId(uuid(1))) == table.find("orders"));
    CHECK(table.by_name().begin()->first == "audit");
    CHECK(table.erase(TopicId(uuid(1))));
    CHECK(table.find("orders") == nullptr);
    CHECK(table.find(TopicId(uuid(1))) == nullptr);
    CHECK_FALSE(table.erase(TopicId(uuid(1))));
}

TEST_CASE("topic table: names collide when they differ only in '.' and '_'",
          "[controller][image]") {
    TopicTable table;
    table.put(topic(1, "a.b_c"));
    table.put(topic(2, "ab"));
    REQUIRE(table.find_collision("a_b.c") != nullptr);
    CHECK(*table.find_collision("a_b.c") == "a.b_c");
    CHECK(table.find_collision("a.b_c") == nullptr);
    CHECK(table.find_collision("a.b") == nullptr);
    CHECK(table.find_collision("ab") == nullptr);
    table.erase(TopicId(uuid(1)));
    CHECK(table.find_collision("a_b.c") == nullptr);
}

TEST_CASE("topic table: partitions are found by leader and by ISR member after every change",
          "[controller][image]") {
    TopicTable table;
    const TopicId id(uuid(1));
    const PartitionKey first{id, PartitionIndex(0)};
    table.put(topic(1, "orders"));
    table.put(id, partition(0, 1, {BrokerId(1), BrokerId(2)}));
    table.put(id, partition(1, 2, {BrokerId(2)}));
    CHECK(table.led_by(BrokerId(1)).contains(first));
    CHECK(table.in_sync(BrokerId(2)).size() == 2);

    const TopicTable before = table;
    table.put(id, partition(0, -1, {BrokerId(2)}));
    CHECK(table.led_by(BrokerId(1)).empty());
    CHECK(table.led_by(kNoBroker).contains(first));
    CHECK(table.in_sync(BrokerId(1)).empty());
    CHECK(table.in_sync(BrokerId(2)).size() == 2);
    CHECK(before.led_by(BrokerId(1)).contains(first));

    table.erase(id);
    CHECK(table.led_by(kNoBroker).empty());
    CHECK(table.in_sync(BrokerId(2)).empty());
}

TEST_CASE(
    "topic table: partitions are found by directory, and if another broker leads than preferred",
    "[controller][image]") {
    TopicTable table;
    const TopicId id(uuid(1));
    const PartitionKey first{id, PartitionIndex(0)};
    const DirectoryId one(uuid(11));
    const DirectoryId two(uuid(12));
    PartitionImage image = partition(0, 1, {BrokerId(1), BrokerId(2)});
    image.replicas = image.isr;
    image.directories = {one, kLostDirectory};
    table.put(topic(1, "orders"));
    table.put(id, image);
    CHECK(table.in_directory(one).contains(first));
    CHECK(table.in_directory(kLostDirectory).empty());
    CHECK(table.not_led_as_preferred().empty());

    image.directories = {two, one};
    image.leader = BrokerId(2);
    table.put(id, image);
    CHECK(table.in_directory(one).contains(first));
    CHECK(table.in_directory(two).contains(first));
    CHECK(table.not_led_as_preferred().contains(first));
    image.directories = {two, two};
    image.leader = kNoBroker;
    table.put(id, image);
    CHECK(table.in_directory(one).empty());
    CHECK(table.not_led_as_preferred().contains(first));

    table.erase(id);
    CHECK(table.in_directory(two).empty());
    CHECK(table.not_led_as_preferred().empty());
}

TEST_CASE("topic name: the brokers' own topics are internal", "[controller]") {
    CHECK(is_internal_topic("__consumer_offsets"));
    CHECK(is_internal_topic("__transaction_state"));
    CHECK(is_internal_topic("__share_group_state"));
    CHECK_FALSE(is_internal_topic("__orders"));
}

}  // namespace
}  // namespace hw::controller
