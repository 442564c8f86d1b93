#include "controller/ops/partition_change.h"

#include <initializer_list>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "controller/image/topic_image.h"
#include "controller/ops/election.h"
#include "test/unit/controller/world.h"

namespace hw::controller {
namespace {

using testing::ids;
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
std::string text_of(const RecordBatch& batch) {
    std::string text;
    for (const auto& record : batch.records()) {
        schema::print_metadata_record(record, text);
    }
    const std::string head = R"("topicId":")" + to_string(kKey.topic.value()) + "\"";
    const std::size_t at = text.find(head);
    return at == std::string::npos ? text : text.substr(at + head.size());
}

std::string change(const BrokersDuringElection& brokers, const PartitionImage& partition,
                   Election election = Election::online) {
    RecordBatch batch;
    PartitionChangeBuilder(brokers, kKey, partition).elect(election).add_to(batch);
    return text_of(batch);
}

/// Three brokers of which those in `fenced` are fenced.
MetadataImage with_fenced(std::initializer_list<std::int32_t> fenced) {
    MetadataImage image = three_brokers();
    for (const BrokerId id : ids(fenced)) {
        BrokerImage broker = *image.find_broker(id);
        broker.fenced = true;
        image.put(broker);
    }
    return image;
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
    image = with_fenced({2, 3});
    CHECK(change({.image = image, .arriving = BrokerId(1)}, partition).empty());
    CHECK(change({.image = image, .arriving = BrokerId(3)}, partition) ==
          R"(,"isr":[3],"leader":3,"eligibleLeaderReplicas":[]}})");
}

/// A row of the table of elections: replicas 1, 2, 3, of which some are fenced.
struct Case {
    const char* name;
    Election election;
    BrokerId leader;
    std::vector<BrokerId> isr;
    std::vector<BrokerId> fenced;
    const char* change;
};

TEST_CASE("election: who leads, by the kind of election", "[controller]") {
    const std::vector<Case> cases{
        {"online keeps a leader that is not preferred",
         Election::online,
         BrokerId(2),
         ids({1, 2, 3}),
         {},
         ""},
        {"preferred returns to the first replica",
         Election::preferred,
         BrokerId(2),
         ids({1, 2, 3}),
         {},
         R"(,"leader":1}})"},
        {"preferred changes nothing if the first replica leads",
         Election::preferred,
         BrokerId(1),
         ids({1, 2, 3}),
         {},
         ""},
        {"preferred keeps the leader if the first replica is not in sync",
         Election::preferred,
         BrokerId(2),
         ids({2, 3}),
         {},
         ""},
        {"preferred keeps the leader if the first replica is fenced", Election::preferred,
         BrokerId(2), ids({1, 2, 3}), ids({1}), ""},
        {"preferred elects another one for a partition without a leader",
         Election::preferred,
         kNoBroker,
         ids({3}),
         {},
         R"(,"leader":3}})"},
        {"online elects no leader from outside the ISR", Election::online, kNoBroker, ids({1}),
         ids({1}), ""},
        {"preferred elects no leader from outside the ISR", Election::preferred, kNoBroker,
         ids({1}), ids({1}), ""},
        {"unclean prefers the ISR", Election::unclean, kNoBroker, ids({3}), ids({1}),
         R"(,"leader":3}})"},
        {"unclean elects from outside, who is the ISR then and recovers", Election::unclean,
         kNoBroker, ids({1}), ids({1}), R"(,"isr":[2],"leader":2,"leaderRecoveryState":1}})"},
        {"unclean elects nobody who is fenced", Election::unclean, kNoBroker, ids({1}),
         ids({1, 2, 3}), ""},
        {"unclean keeps a leader that may stay", Election::unclean, BrokerId(3), ids({3}), {}, ""},
    };
    for (const Case& row : cases) {
        INFO(row.name);
        MetadataImage image = three_brokers();
        for (const BrokerId id : row.fenced) {
            BrokerImage broker = *image.find_broker(id);
            broker.fenced = true;
            image.put(broker);
        }
        PartitionImage partition = partition_on_all();
        partition.leader = row.leader;
        partition.isr = row.isr;
        CHECK(change({.image = image}, partition, row.election) == row.change);
    }
}

TEST_CASE("election: the last ISR member's end elects uncleanly where that is allowed",
          "[controller]") {
    PartitionImage partition = partition_on_all();
    partition.isr = {BrokerId(1)};
    CHECK(change({.image = three_brokers(), .leaving = BrokerId(1)}, partition,
                 Election::unclean) == R"(,"isr":[2],"leader":2,"leaderRecoveryState":1}})");
    partition.recovery = LeaderRecovery::recovering;
    CHECK(change({.image = three_brokers(), .leaving = BrokerId(1)}, partition,
                 Election::unclean) == R"(,"isr":[2],"leader":2}})");
}

TEST_CASE("partition change: a new ISR changes neither the leader nor the leader epoch",
          "[controller]") {
    const MetadataImage image = three_brokers();
    const BrokersDuringElection brokers{.image = image};
    PartitionImage partition = partition_on_all();
    RecordBatch batch;
    const auto after =
        PartitionChangeBuilder(brokers, kKey, partition).set_isr(ids({1, 3})).add_to(batch);
    CHECK(text_of(batch) == R"(,"isr":[1,3]}})");
    REQUIRE(after.has_value());
    CHECK(testing::text_of(*after) == "replicas 1,2,3 isr 1,3 leader 1 epoch 0/1");
    RecordBatch confirmation;
    CHECK(PartitionChangeBuilder(brokers, kKey, partition)
              .set_isr(partition.isr)
              .add_to(confirmation)
              .has_value());
}

TEST_CASE("partition change: a leader that says it has recovered ends the recovery",
          "[controller]") {
    const MetadataImage image = three_brokers();
    const BrokersDuringElection brokers{.image = image};
    PartitionImage partition = partition_on_all();
    partition.isr = {BrokerId(1)};
    partition.recovery = LeaderRecovery::recovering;
    RecordBatch batch;
    PartitionChangeBuilder(brokers, kKey, partition)
        .set_recovery(LeaderRecovery::recovered)
        .add_to(batch);
    CHECK(text_of(batch) == R"(,"leaderRecoveryState":0}})");
}

TEST_CASE(
    "partition change: a replica that moves to a lost directory leaves the ISR, unless it is last",
    "[controller]") {
    const MetadataImage image = three_brokers();
    const BrokersDuringElection brokers{.image = image};
    PartitionImage partition = partition_on_all();
    RecordBatch batch;
    auto after = PartitionChangeBuilder(brokers, kKey, partition)
                     .set_directory(BrokerId(1), kLostDirectory)
                     .add_to(batch);
    REQUIRE(after.has_value());
    CHECK(testing::text_of(*after) == "replicas 1,2,3 isr 2,3 leader 2 epoch 1/1");
    CHECK(after->directories[0] == kLostDirectory);
    partition.isr = {BrokerId(1)};
    after = PartitionChangeBuilder(brokers, kKey, partition)
                .set_directory(BrokerId(1), kLostDirectory)
                .add_to(batch);
    REQUIRE(after.has_value());
    CHECK(testing::text_of(*after) == "replicas 1,2,3 isr 1 leader -1 epoch 1/1");
}

TEST_CASE("election: unclean elections are allowed by the topic, the cluster or the controller",
          "[controller]") {
    MetadataImage image = three_brokers();
    const auto of = [&image](bool by_default) {
        return election_of({.image = image, .unclean_by_default = by_default}, "orders");
    };
    CHECK(of(false) == Election::online);
    CHECK(of(true) == Election::unclean);
    image.set_configs({ConfigResourceType::broker, ""},
                      {{"unclean.leader.election.enable", "true"}});
    CHECK(of(false) == Election::unclean);
    image.set_configs({ConfigResourceType::topic, "orders"},
                      {{"unclean.leader.election.enable", " False"}});
    CHECK(of(true) == Election::online);
    image.set_configs({ConfigResourceType::topic, "orders"},
                      {{"unclean.leader.election.enable", "TRUE "}});
    CHECK(of(false) == Election::unclean);
}

}  // namespace
}  // namespace hw::controller
