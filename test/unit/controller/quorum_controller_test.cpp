#include "controller/quorum_controller.h"

#include <catch2/catch.hpp>

#include "controller/ops/cluster.h"
#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using Topic = schema::CreateTopicsRequest::Topic;
using wire::ErrorCode;

World cluster(std::int32_t brokers = 1) {
    World world;
    world.lead();
    world.commit();
    world.start_brokers(brokers);
    return world;
}

schema::CreateTopicsRequest creation(const std::vector<Topic>& topics) {
    return {.topics = std::span<const Topic>(topics)};
}

ErrorCode code_of(const World& world, Ticket ticket) {
    return world.answer<CreateTopicsResult>(ticket).refusal.code;
}

TEST_CASE("controller: a controller that does not lead answers NOT_CONTROLLER at once",
          "[controller]") {
    World world;
    const std::vector<Topic> topics{topic("a")};
    const Ticket ticket = world.ask(creation(topics));
    REQUIRE(world.is_answered(ticket));
    CHECK(code_of(world, ticket) == ErrorCode::not_controller);
    CHECK(world.answer<CreateTopicsResult>(ticket).topics.empty());
    CHECK(world.controller().next_deadline() == kNever);
}

TEST_CASE("controller: an answer waits until the records of its operation are committed",
          "[controller]") {
    World world = cluster();
    const std::vector<Topic> first{topic("a")};
    const std::vector<Topic> second{topic("b")};
    const Ticket a = world.ask(creation(first));
    const Ticket b = world.ask(creation(second));
    CHECK_FALSE(world.is_answered(a));
    CHECK(world.controller().committed().find_topic("a") == nullptr);
    CHECK(world.controller().appended().find_topic("b") != nullptr);
    world.commit(1);
    CHECK(world.is_answered(a));
    CHECK_FALSE(world.is_answered(b));
    CHECK(world.controller().committed().find_topic("a") != nullptr);
    CHECK(world.controller().committed().find_topic("b") == nullptr);
    world.commit(1);
    CHECK(world.is_answered(b));
}

TEST_CASE("controller: an answer without records waits until the state it depends on is committed",
          "[controller]") {
    World world = cluster();
    const std::vector<Topic> topics{topic("a")};
    world.ask(creation(topics));
    const Ticket refused = world.ask(creation(topics));
    CHECK_FALSE(world.is_answered(refused));
    world.commit();
    CHECK(world.answer<CreateTopicsResult>(refused).topics[0].refusal.code ==
          ErrorCode::topic_already_exists);
    const Ticket at_once = world.ask(creation(topics));
    CHECK(world.is_answered(at_once));
}

TEST_CASE("controller: lost leadership ends all waiting requests and drops uncommitted changes",
          "[controller]") {
    World world = cluster();
    const std::vector<Topic> topics{topic("a")};
    const Ticket ticket = world.ask(creation(topics));
    const Ticket without_records = world.ask(creation(topics));
    world.lose();
    CHECK(code_of(world, ticket) == ErrorCode::request_timed_out);
    CHECK(code_of(world, without_records) == ErrorCode::not_controller);
    CHECK(world.image().find_topic("a") == nullptr);
    CHECK_FALSE(world.controller().is_leading());
    CHECK(world.controller().next_deadline() == kNever);
    world.lead();
    CHECK(world.create({topic("a")})[0].refusal.code == ErrorCode::none);
}

TEST_CASE("controller: uncommitted changes are dropped as soon as leadership is lost",
          "[controller]") {
    World world = cluster();
    const std::vector<Topic> topics{topic("a")};
    world.ask(creation(topics));
    ControllerEffects effects;
    world.controller().on_resigned(effects);
    CHECK(effects.answers.size() == 1);
    CHECK(text_of(world.controller().appended()) == text_of(world.controller().committed()));
    CHECK(world.controller().appended().find_topic("a") == nullptr);
}

TEST_CASE("controller: records that the next leader kept stay in the image", "[controller]") {
    World world = cluster();
    const std::vector<Topic> first{topic("a")};
    const std::vector<Topic> second{topic("b")};
    const Ticket kept = world.ask(creation(first));
    world.ask(creation(second));
    world.lose(1);
    CHECK(code_of(world, kept) == ErrorCode::request_timed_out);
    CHECK(world.answer<CreateTopicsResult>(kept).refusal.message.starts_with(
        "the outcome is unknown"));
    CHECK(world.image().find_topic("a") != nullptr);
    CHECK(world.image().find_topic("b") == nullptr);
    CHECK(text_of(world.controller().committed()) == world.replay());
}

TEST_CASE("controller: a new active controller gives every broker a full session", "[controller]") {
    World world = cluster();
    world.pass(std::chrono::milliseconds(2900));
    world.lose();
    world.lead();
    CHECK(world.controller().next_deadline() == world.now() + std::chrono::seconds(3));
    world.pass(std::chrono::milliseconds(2999));
    CHECK_FALSE(world.image().find_broker(BrokerId(1))->fenced);
    world.pass(std::chrono::milliseconds(1));
    CHECK(world.image().find_broker(BrokerId(1))->fenced);
}

TEST_CASE("controller: brokers that expire together do not hand leadership to each other",
          "[controller]") {
    World world = cluster(3);
    world.create({topic("orders", 6, 3)});
    world.pass(std::chrono::seconds(3));
    for (std::int32_t index = 0; index < 6; ++index) {
        const PartitionImage& partition = world.partition("orders", index);
        CHECK(partition.leader == kNoBroker);
        CHECK(partition.isr == std::vector{BrokerId(3)});
    }
    world.commit();
    CHECK(text_of(world.controller().committed()) == world.replay());
}

TEST_CASE("controller: fencing that does not fit into one batch is written as several, in order",
          "[controller]") {
    World world = cluster();
    const auto partitions_max = static_cast<std::int32_t>(RecordBatch::kMaxRecords) - 1;
    world.create({topic("first", partitions_max)});
    world.create({topic("second", partitions_max)});
    world.pass(std::chrono::seconds(3));
    CHECK(world.uncommitted() == 2);
    // The last record fences the broker, so the state after only some batches is valid too.
    world.commit(1);
    CHECK_FALSE(world.controller().committed().find_broker(BrokerId(1))->fenced);
    world.lose();
    CHECK(text_of(world.controller().committed()) == world.replay());
}

TEST_CASE("controller: batches that the quorum itself appends move the controller's offsets",
          "[controller]") {
    World world = cluster();
    const Offset before = world.end();
    world.controller().on_appended(before + 1);
    const std::vector<Topic> topics{topic("a")};
    ControllerEffects effects;
    world.controller().handle(creation(topics), 1000, world.now(), effects);
    REQUIRE(effects.appends.size() == 1);
    CHECK(effects.appends[0].base_offset == before + 2);
    ControllerEffects committed;
    world.controller().on_committed(before + 1, committed);
    CHECK(committed.answers.empty());
    CHECK(world.controller().committed().last_offset() == before + 1);
}

TEST_CASE("bootstrap: a new cluster starts with its features in one transaction", "[controller]") {
    World world;
    world.lead();
    CHECK(world.records() ==
          std::vector<std::string>{R"({"type":"BEGIN_TRANSACTION_RECORD","version":0,)"
                                   R"("data":{"name":"Bootstrap records"}})",
                                   R"({"type":"FEATURE_LEVEL_RECORD","version":0,)"
                                   R"("data":{"name":"metadata.version","featureLevel":30}})",
                                   R"({"type":"FEATURE_LEVEL_RECORD","version":0,)"
                                   R"("data":{"name":"group.version","featureLevel":1}})",
                                   R"({"type":"END_TRANSACTION_RECORD","version":0,"data":{}})"});
    CHECK(world.uncommitted() == 1);
}

TEST_CASE("bootstrap: a metadata.version without transactions is the only record of a new cluster",
          "[controller]") {
    ControllerOptions options;
    options.initial_features = {.metadata_version = MetadataVersion(13),
                                .group_version = GroupVersion(0)};
    World world(1, options);
    world.lead();
    CHECK(world.records() ==
          std::vector<std::string>{R"({"type":"FEATURE_LEVEL_RECORD","version":0,)"
                                   R"("data":{"name":"metadata.version","featureLevel":13}})"});
}

TEST_CASE("bootstrap: committed bootstrap records are not written again, lost ones are",
          "[controller]") {
    World world;
    world.lead();
    world.lose();
    world.lead();
    CHECK(world.records().size() == 4);
    world.commit();
    world.lose();
    world.lead();
    CHECK(world.records().size() == 4);
}

TEST_CASE("bootstrap: a transaction that the predecessor left open is aborted first",
          "[controller]") {
    ImageLoader log{MetadataImage("c")};
    const std::vector<schema::VersionedMetadataRecord> half{
        {ApiVersion(0), schema::BeginTransactionRecord{}},
        {ApiVersion(0),
         schema::FeatureLevelRecord{.name = kMetadataVersionFeature, .feature_level = 29}}};
    REQUIRE(log.load({.base_offset = Offset(0),
                      .last_offset = Offset(1),
                      .epoch = LeaderEpoch(1),
                      .records = half}));
    const RecordBatch records = activation_records(log, InitialFeatures());
    REQUIRE(records.size() == 5);
    CHECK(std::holds_alternative<schema::AbortTransactionRecord>(records.records()[0].record));
    REQUIRE(log.load({.base_offset = Offset(2),
                      .last_offset = Offset(6),
                      .epoch = LeaderEpoch(2),
                      .records = records.records()}));
    CHECK(log.image()->feature_level(kMetadataVersionFeature) == 30);
    CHECK(activation_records(log, InitialFeatures()).empty());
}

}  // namespace
}  // namespace hw::controller::testing
