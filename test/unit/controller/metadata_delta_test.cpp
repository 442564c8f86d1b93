#include "controller/image/metadata_delta.h"

#include <catch2/catch.hpp>

#include "controller/image/topic_image.h"
#include "test/unit/controller/world.h"

namespace hw::controller {
namespace {

using testing::text_of;
using testing::uuid;

constexpr TopicId kTopic{uuid(1)};
constexpr BrokerId kOne{1};
const std::vector<BrokerId> kReplicas{BrokerId(1), BrokerId(2)};
const std::vector<BrokerId> kOnlyTwo{BrokerId(2)};

class Delta {
public:
    explicit Delta(MetadataImage base = MetadataImage("c")) : delta_(std::move(base)) {}

    /// Applies at the next offset; true when it was accepted.
    bool apply(const schema::MetadataRecord& record) {
        return delta_.apply(record, ++offset_).has_value();
    }
    [[nodiscard]] const MetadataImage& image() const { return std::as_const(delta_).image(); }
    [[nodiscard]] const MetadataChanges& changes() const { return delta_.changes(); }
    [[nodiscard]] std::string partition() const {
        return text_of(*image().topic_table().find(PartitionKey{kTopic, PartitionIndex(0)}));
    }

private:
    MetadataDelta delta_;
    Offset offset_{9};
};

schema::PartitionRecord partition() {
    return {.partition_id = PartitionIndex(0),
            .topic_id = kTopic,
            .replicas = std::span(kReplicas),
            .isr = std::span(kReplicas),
            .leader = kOne,
            .leader_epoch = LeaderEpoch(4),
            .partition_epoch = PartitionEpoch(7)};
}

schema::PartitionChangeRecord change() {
    return {.partition_id = PartitionIndex(0), .topic_id = kTopic};
}

schema::RegisterBrokerRecord broker() {
    return {.broker_id = kOne, .broker_epoch = BrokerEpoch(10)};
}

Delta with_partition() {
    Delta delta;
    REQUIRE(delta.apply(schema::TopicRecord{.name = "orders", .topic_id = kTopic}));
    REQUIRE(delta.apply(partition()));
    return delta;
}

TEST_CASE("delta: a partition change that names no leader raises only the partition epoch",
          "[image]") {
    Delta delta = with_partition();
    auto record = change();
    record.isr = std::span(kOnlyTwo);
    REQUIRE(delta.apply(record));
    CHECK(delta.partition() == "replicas 1,2 isr 2 leader 1 epoch 4/8");
}

TEST_CASE("delta: a change that names a leader raises the leader epoch, even for the same leader",
          "[image]") {
    Delta delta = with_partition();
    auto record = change();
    record.leader = kOne;
    REQUIRE(delta.apply(record));
    CHECK(delta.partition() == "replicas 1,2 isr 1,2 leader 1 epoch 5/8");
    record.leader = kNoBroker;
    REQUIRE(delta.apply(record));
    CHECK(delta.partition() == "replicas 1,2 isr 1,2 leader -1 epoch 6/9");
}

TEST_CASE("delta: an empty list in a change clears the old list, an absent one keeps it",
          "[image]") {
    Delta delta = with_partition();
    auto record = change();
    record.eligible_leader_replicas = std::span(kOnlyTwo);
    record.adding_replicas = std::span(kOnlyTwo);
    REQUIRE(delta.apply(record));
    record = change();
    record.eligible_leader_replicas = wire::Array<BrokerId>();
    REQUIRE(delta.apply(record));
    const auto* now = delta.image().topic_table().find(PartitionKey{kTopic, PartitionIndex(0)});
    CHECK(now->elr.empty());
    CHECK(now->adding == kOnlyTwo);
}

TEST_CASE("delta: without directories each replica gets the migrating one; too few are refused",
          "[image]") {
    Delta delta = with_partition();
    const auto* now = delta.image().topic_table().find(PartitionKey{kTopic, PartitionIndex(0)});
    CHECK(now->directories == std::vector(2, kMigratingDirectory));
    auto record = partition();
    const std::vector<DirectoryId> one{DirectoryId(uuid(5))};
    record.directories = std::span(one);
    CHECK_FALSE(delta.apply(record));
}

TEST_CASE("delta: a broker has to catch up to its registration, and when it is fenced to that",
          "[image]") {
    Delta delta;
    REQUIRE(delta.apply(broker()));
    CHECK(delta.image().find_broker(kOne)->catch_up_to == Offset(10));
    CHECK(delta.image().find_live_broker(kOne) == nullptr);
    REQUIRE(delta.apply(schema::UnfenceBrokerRecord{.id = kOne, .epoch = BrokerEpoch(10)}));
    CHECK(delta.image().find_live_broker(kOne) != nullptr);
    REQUIRE(delta.apply(schema::FenceBrokerRecord{.id = kOne, .epoch = BrokerEpoch(10)}));
    CHECK(delta.image().find_live_broker(kOne) == nullptr);
    CHECK(delta.image().find_broker(kOne)->catch_up_to == Offset(12));
    REQUIRE(delta.apply(schema::BrokerRegistrationChangeRecord{
        .broker_id = kOne, .broker_epoch = BrokerEpoch(10), .fenced = -1}));
    CHECK(delta.image().find_live_broker(kOne) != nullptr);
    CHECK(delta.image().find_broker(kOne)->catch_up_to == Offset(12));
    REQUIRE(delta.apply(
        schema::UnregisterBrokerRecord{.broker_id = kOne, .broker_epoch = BrokerEpoch(10)}));
    CHECK(delta.image().find_broker(kOne) == nullptr);
}

TEST_CASE("delta: a record that contradicts the image is refused and changes nothing", "[image]") {
    Delta delta = with_partition();
    REQUIRE(delta.apply(broker()));
    REQUIRE(delta.apply(schema::ProducerIdsRecord{.next_producer_id = ProducerId(1000)}));
    const std::string before = text_of(delta.image());
    const TopicId other(uuid(2));
    auto elsewhere = change();
    elsewhere.partition_id = PartitionIndex(1);
    const BrokerEpoch wrong(11);
    CHECK_FALSE(delta.apply(elsewhere));
    CHECK_FALSE(delta.apply(schema::TopicRecord{.name = "orders", .topic_id = other}));
    CHECK_FALSE(delta.apply(schema::TopicRecord{.name = "other", .topic_id = kTopic}));
    CHECK_FALSE(delta.apply(schema::PartitionRecord{.topic_id = other}));
    CHECK_FALSE(delta.apply(schema::RemoveTopicRecord{.topic_id = other}));
    CHECK_FALSE(delta.apply(schema::ClearElrRecord{.topic_name = "other"}));
    CHECK_FALSE(delta.apply(schema::FenceBrokerRecord{.id = kOne, .epoch = wrong}));
    CHECK_FALSE(delta.apply(schema::UnfenceBrokerRecord{.id = kOne, .epoch = wrong}));
    CHECK_FALSE(delta.apply(
        schema::UnregisterBrokerRecord{.broker_id = BrokerId(2), .broker_epoch = wrong}));
    CHECK_FALSE(delta.apply(
        schema::BrokerRegistrationChangeRecord{.broker_id = kOne, .broker_epoch = wrong}));
    CHECK_FALSE(delta.apply(schema::ProducerIdsRecord{.next_producer_id = ProducerId(1000)}));
    auto unknown = change();
    unknown.leader_recovery_state = 7;
    CHECK_FALSE(delta.apply(unknown));
    CHECK(text_of(delta.image()) == before);
}

TEST_CASE("delta: a topic that is created and removed again is not among the changes", "[image]") {
    Delta delta = with_partition();
    CHECK(delta.changes().created_topics.contains(kTopic));
    CHECK(delta.changes().partitions.size() == 1);
    REQUIRE(delta.apply(schema::RemoveTopicRecord{.topic_id = kTopic}));
    CHECK(delta.changes().empty());
}

TEST_CASE("delta: the changes have a deleted topic with its name, but not its partitions",
          "[image]") {
    const Delta before = with_partition();
    Delta delta(before.image());
    auto record = change();
    record.leader = kNoBroker;
    REQUIRE(delta.apply(record));
    REQUIRE(delta.apply(schema::RemoveTopicRecord{.topic_id = kTopic}));
    CHECK(delta.changes().partitions.empty());
    CHECK(delta.changes().deleted_topics == std::map<TopicId, std::string>{{kTopic, "orders"}});
    CHECK(before.image().find_topic("orders") != nullptr);
}

TEST_CASE("delta: a null value unsets a config, and level 0 removes a feature", "[image]") {
    Delta delta;
    const ConfigResource everywhere{ConfigResourceType::broker, ""};
    schema::ConfigRecord config{.resource_type = 4, .name = "retention.ms", .value = "5"};
    REQUIRE(delta.apply(config));
    CHECK(delta.image().find_configs(everywhere)->at("retention.ms") == "5");
    config.value = {};
    REQUIRE(delta.apply(config));
    CHECK(delta.image().find_configs(everywhere) == nullptr);
    CHECK(delta.changes().configs.contains(everywhere));

    REQUIRE(delta.apply(schema::FeatureLevelRecord{.name = "group.version", .feature_level = 1}));
    CHECK(delta.image().feature_level("group.version") == 1);
    REQUIRE(delta.apply(schema::FeatureLevelRecord{.name = "group.version"}));
    CHECK(delta.image().features().empty());
}

TEST_CASE("delta: a feature that is not built is kept as recorded, an unknown one is refused",
          "[image]") {
    Delta delta;
    REQUIRE(
        delta.apply(schema::FeatureLevelRecord{.name = "transaction.version", .feature_level = 2}));
    CHECK(delta.image().feature_level("transaction.version") == 2);
    CHECK(delta.changes().features.contains("transaction.version"));
    CHECK_FALSE(
        delta.apply(schema::FeatureLevelRecord{.name = "mirror.version", .feature_level = 1}));
    CHECK(delta.image().feature_level("mirror.version") == 0);
}

TEST_CASE("delta: eligible leader replicas are cleared for one topic or for all", "[image]") {
    Delta delta = with_partition();
    auto record = change();
    record.eligible_leader_replicas = std::span(kOnlyTwo);
    record.last_known_elr = std::span(kOnlyTwo);
    REQUIRE(delta.apply(record));
    REQUIRE(delta.apply(schema::ClearElrRecord{
        .topic_name = GENERATE(std::string_view("orders"), std::string_view())}));
    const auto* now = delta.image().topic_table().find(PartitionKey{kTopic, PartitionIndex(0)});
    CHECK(now->elr.empty());
    CHECK(now->last_known_elr.empty());
}

TEST_CASE("delta: the brokers' own topics are internal", "[image]") {
    Delta delta;
    REQUIRE(delta.apply(schema::TopicRecord{.name = "__consumer_offsets", .topic_id = kTopic}));
    CHECK(delta.image().find_topic(kTopic)->internal);
}

}  // namespace
}  // namespace hw::controller
