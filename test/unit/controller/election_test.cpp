#include "controller/ops/election.h"

#include <catch2/catch.hpp>

#include "controller/image/topic_image.h"
#include "test/unit/controller/world.h"

namespace hw::controller {
namespace {

using testing::uuid;

constexpr PartitionKey kKey{TopicId(uuid(1)), PartitionIndex(0)};

/// Brokers 1 to 3 in service, each with one directory.
MetadataImage three_brokers(std::int16_t metadata_version = 30) {
    MetadataImage image("c");
    image.set_feature(kMetadataVersionFeature, metadata_version);
    for (std::int32_t id = 1; id <= 3; ++id) {
        BrokerImage broker;
        broker.id = BrokerId(id);
        broker.fenced = false;
        broker.log_dirs = {DirectoryId(uuid(static_cast<std::uint64_t>(id)))};
        image.put(broker);
    }
    return image;
}

PartitionImage partition_on_all() {
    PartitionImage partition;
    partition.leader = BrokerId(1);
    partition.replicas = {BrokerId(1), BrokerId(2), BrokerId(3)};
    partition.isr = partition.replicas;
    for (std::uint64_t id = 1; id <= 3; ++id) {
        partition.directories.emplace_back(uuid(id));
    }
    return partition;
}

/// The recorded change as JSON, without the fields before it; "" for none.
std::string change(const BrokersDuringElection& brokers, const PartitionImage& partition) {
    RecordBatch batch;
    add_partition_change(batch, brokers, kKey, partition);
    std::string text;
    for (const auto& record : batch.records()) {
        schema::print_metadata_record(record, text);
    }
    const std::string head = R"("topicId":")" + to_string(kKey.topic.value()) + "\"";
    const std::size_t at = text.find(head);
    return at == std::string::npos ? text : text.substr(at + head.size());
}

TEST_CASE("election: nothing is recorded when nothing changes", "[controller]") {
    CHECK(change({.image = three_brokers(), .leaving = BrokerId(9)}, partition_on_all()).empty());
}

TEST_CASE(
    "election: when the leader leaves, the first replica in the ISR that may lead becomes leader",
    "[controller]") {
    MetadataImage image = three_brokers();
    CHECK(change({.image = image, .leaving = BrokerId(1)}, partition_on_all()) ==
          R"(,"isr":[2,3],"leader":2}})");
    BrokerImage stopping = *image.find_broker(BrokerId(2));
    stopping.in_controlled_shutdown = true;
    image.put(stopping);
    CHECK(change({.image = image, .leaving = BrokerId(1)}, partition_on_all()) ==
          R"(,"isr":[2,3],"leader":3}})");
}

TEST_CASE("election: the leader stays when a follower leaves", "[controller]") {
    CHECK(change({.image = three_brokers(), .leaving = BrokerId(3)}, partition_on_all()) ==
          R"(,"isr":[1,2]}})");
}

TEST_CASE("election: below metadata.version 3.6 a smaller ISR also gets a new leader epoch",
          "[controller]") {
    CHECK(change({.image = three_brokers(11), .leaving = BrokerId(3)}, partition_on_all()) ==
          R"(,"isr":[1,2],"leader":1}})");
}

TEST_CASE(
    "election: the last ISR member stays in the ISR when its broker leaves, but no longer leads",
    "[controller]") {
    PartitionImage partition = partition_on_all();
    partition.isr = {BrokerId(1)};
    CHECK(change({.image = three_brokers(), .leaving = BrokerId(1)}, partition) ==
          R"(,"leader":-1}})");
}

TEST_CASE("election: a replica whose directory is lost or offline does not lead", "[controller]") {
    const MetadataImage image = three_brokers();
    PartitionImage partition = partition_on_all();
    partition.directories[1] = kLostDirectory;
    CHECK(change({.image = image, .leaving = BrokerId(1)}, partition) ==
          R"(,"isr":[2,3],"leader":3}})");
    partition.directories[1] = DirectoryId(uuid(99));
    CHECK_FALSE(may_lead({.image = image}, partition, BrokerId(2)));
    partition.directories[1] = kUnassignedDirectory;
    CHECK(may_lead({.image = image}, partition, BrokerId(2)));
    CHECK_FALSE(may_lead({.image = image}, partition, BrokerId(4)));
}

TEST_CASE(
    "election: with an empty ISR an eligible leader replica becomes leader and the only ISR member",
    "[controller]") {
    PartitionImage partition = partition_on_all();
    partition.leader = kNoBroker;
    partition.isr.clear();
    partition.elr = {BrokerId(2), BrokerId(3)};
    MetadataImage image = three_brokers();
    CHECK(change({.image = image, .arriving = BrokerId(3)}, partition) ==
          R"(,"isr":[2],"leader":2,"eligibleLeaderReplicas":[]}})");
    for (const std::int32_t id : {2, 3}) {
        BrokerImage fenced = *image.find_broker(BrokerId(id));
        fenced.fenced = true;
        image.put(fenced);
    }
    CHECK(change({.image = image, .arriving = BrokerId(1)}, partition).empty());
    CHECK(change({.image = image, .arriving = BrokerId(3)}, partition) ==
          R"(,"isr":[3],"leader":3,"eligibleLeaderReplicas":[]}})");
}

}  // namespace
}  // namespace hw::controller
