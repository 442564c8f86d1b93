#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "test/unit/controller/world.h"

namespace hw::controller::testing {
namespace {

using Topic = schema::CreateTopicsRequest::Topic;

/// `count` records of Kafka's dump from line `first` on, counted from 0.
std::vector<std::string> kafka_records(std::size_t first, std::size_t count) {
    std::ifstream stream(std::string(HW_GOLDEN) + "/cluster_metadata.log.txt");
    std::vector<std::string> lines;
    std::string line;
    for (std::size_t number = 0; std::getline(stream, line); ++number) {
        if (number >= first && number < first + count) {
            lines.push_back(line);
        }
    }
    REQUIRE(lines.size() == count);
    return lines;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

/// Replaces the random id `ours`, and our broker epoch, which is the text `epoch`, by those of
/// Kafka's log.
std::vector<std::string> with_ids(std::vector<std::string> records, const Uuid& ours,
                                  std::string_view kafkas, std::string_view epoch) {
    for (std::string& record : records) {
        replace_all(record, to_string(ours), kafkas);
        replace_all(record, epoch, R"("brokerEpoch":11)");
    }
    return records;
}

/// Registration of the broker that wrote Kafka's log.
Registration kafkas_broker() {
    Registration broker;
    broker.incarnation = IncarnationId(*parse_uuid("b5amFsn0ReebChb5aashCQ"));
    broker.log_dirs = {DirectoryId(*parse_uuid("zWWi5vAsn2gpyYn2f3X6cg"))};
    broker.listeners[0].port = 39092;
    broker.rack = "RACK1";
    broker.features = {{"kraft.version", 0, 1},
                       {"group.version", 0, 1},
                       {"streams.version", 0, 1},
                       {"transaction.version", 0, 2},
                       {"eligible.leader.replicas.version", 0, 1},
                       {"metadata.version", 7, 30},
                       {"share.version", 0, 1}};
    return broker;
}

/// In both logs offset 0 is a leader change. Our bootstrap has five records fewer.
TEST_CASE("session: the records of a broker's session equal those that Kafka writes for it",
          "[controller][golden]") {
    World world;
    world.lead();
    world.commit();
    const std::vector<std::string> bootstrap = kafka_records(1, 9);
    CHECK(world.records() ==
          std::vector{bootstrap[0], bootstrap[1], bootstrap[3], bootstrap.back()});

    Offset from = world.end();
    world.join(kafkas_broker());
    schema::BrokerHeartbeatRequest early = world.heartbeat(1);
    early.current_metadata_offset = Offset(0);
    const std::vector<DirectoryId> none;
    early.cordoned_log_dirs = std::span(none);
    world.call<BrokerHeartbeatResult>(early);
    world.beat(1);
    const std::string epoch =
        "\"brokerEpoch\":" + std::to_string(world.image().find_broker(BrokerId(1))->epoch.value());
    CHECK(with_ids(world.records(from), {}, to_string(Uuid()), epoch) == kafka_records(11, 3));

    from = world.end();
    const auto created = world.create({topic("codec-none", 1, 1)});
    CHECK(with_ids(world.records(from), created[0].id.value(), "QcZLw7BZQIKHEKK4DGuKyA", epoch) ==
          kafka_records(16, 2));

    from = world.end();
    const auto beat = world.heartbeat(1);
    world.call<ProducerIdsResult>(schema::AllocateProducerIdsRequest{
        .broker_id = beat.broker_id, .broker_epoch = beat.broker_epoch});
    CHECK(with_ids(world.records(from), {}, to_string(Uuid()), epoch) == kafka_records(18, 1));
}

TEST_CASE("session: a topic's config records come between the topic and its partitions",
          "[controller][golden]") {
    World world;
    world.lead();
    world.commit();
    world.join(kafkas_broker());
    world.beat(1);
    const Offset from = world.end();
    const std::vector<schema::CreateTopicsRequest::Config> configs{{"segment.bytes", "1048576"},
                                                                   {"retention.ms", "-1"}};
    Topic rolled = topic("rolled", 1, 1);
    rolled.configs = std::span(configs);
    const auto created = world.create({rolled});
    std::ifstream dump(std::string(HW_GOLDEN) + "/cluster_metadata.log.txt");
    std::vector<std::string> expected;
    for (std::string line; expected.size() < 4 && std::getline(dump, line);) {
        if (!expected.empty() || line.find("\"name\":\"rolled\"") != std::string::npos) {
            expected.push_back(line);
        }
    }
    CHECK(with_ids(world.records(from), created[0].id.value(), "v0xjFxuIRWKTLw7RNUdoxQ", "\n") ==
          expected);
}

TEST_CASE("session: a shutdown is recorded as Kafka records it without eligible leader replicas",
          "[controller][golden]") {
    World world;
    world.lead();
    world.commit();
    world.join(kafkas_broker());
    world.beat(1);
    const auto created = world.create({topic("orders", 1, 1)});
    const std::string epoch =
        "\"brokerEpoch\":" + std::to_string(world.image().find_broker(BrokerId(1))->epoch.value());
    const Offset from = world.end();
    schema::BrokerHeartbeatRequest stop = world.heartbeat(1);
    stop.want_shut_down = true;
    world.call<BrokerHeartbeatResult>(stop);
    world.call<BrokerHeartbeatResult>(stop);
    const auto records =
        with_ids(world.records(from), created[0].id.value(), "L828RfVUTCyMcUd2gZO0Zw", epoch);
    REQUIRE(records.size() == 3);
    CHECK(records[0] == kafka_records(164, 1)[0]);
    // Kafka's record has an empty ISR and the broker in the ELR; this cluster has no ELR.
    std::string change = kafka_records(188, 1)[0];
    replace_all(change, R"("isr":[],)", "");
    replace_all(change, R"(,"eligibleLeaderReplicas":[1],"lastKnownElr":[1])", "");
    CHECK(records[1] == change);
    CHECK(records[2] == kafka_records(201, 1)[0]);
}

}  // namespace
}  // namespace hw::controller::testing
