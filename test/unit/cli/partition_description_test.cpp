#include "tools/cli/partition_description.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace hw::cli {
namespace {

using client::Milliseconds;

constexpr BrokerId kOne{1};
constexpr BrokerId kTwo{2};
constexpr BrokerId kThree{3};

/// Partition orders-4, led by broker 1, of which only the metadata are known.
PartitionDescription described() {
    PartitionDescription description;
    description.name = {"orders", PartitionIndex(4)};
    description.partition = {.index = PartitionIndex(4),
                             .leader = kOne,
                             .leader_epoch = LeaderEpoch(7),
                             .replicas = {kOne, kTwo, kThree},
                             .in_sync = {kOne, kTwo, kThree},
                             .offline = {}};
    return description;
}

/// Replica 2 is in sync, replica 3 is not.
client::PartitionState state() {
    return {.leader_epoch = LeaderEpoch(8),
            .partition_epoch = PartitionEpoch(12),
            .log_start_offset = Offset(0),
            .log_end_offset = Offset(120),
            .durable_end_offset = Offset(110),
            .high_watermark = Offset(100),
            .isr_size_needed = 2,
            .in_sync = {kOne, kTwo},
            .watermark_reason = "it waits for replica 2",
            .write_refusal = "every write is refused",
            .replicas = {{.broker = kOne, .end_offset = Offset(110)},
                         {.broker = kTwo,
                          .broker_epoch = BrokerEpoch(20),
                          .end_offset = Offset(100),
                          .since_fetch = Milliseconds(40),
                          .since_caught_up = Milliseconds(5230)},
                         {.broker = kThree, .reason = "it is late"}}};
}

TEST_CASE("partition description: what the metadata tell is shown without the leader's answer",
          "[cli]") {
    CHECK(text_of(described()) ==
          "Partition        orders-4\n"
          "Leader           1\n"
          "Epoch            7\n"
          "Replicas         1,2,3\n"
          "ISR              1,2,3\n"
          "Offline          -\n"
          "Log start        -\n"
          "High watermark   -\n");
}

TEST_CASE(
    "partition description: the leader's answer is newer, and has a sentence for each problem",
    "[cli]") {
    PartitionDescription description = described();
    description.take(state());
    CHECK(text_of(description) ==
          "Partition        orders-4\n"
          "Leader           1\n"
          "Epoch            8\n"
          "Replicas         1,2,3\n"
          "ISR              1,2\n"
          "Min ISR          2\n"
          "Offline          -\n"
          "Log start        0\n"
          "High watermark   100\n"
          "Log end          120\n"
          "Durable end      110\n"
          "REPLICA  ROLE      IN SYNC  END  LAG  FETCHED  CAUGHT UP\n"
          "1        leader    yes      110  -    -        -\n"
          "2        follower  yes      100  20   40 ms    5.2 s\n"
          "3        follower  no       -    -    never    never\n"
          "Replica 3 is not in sync: it is late.\n"
          "The high watermark is below the log end: it waits for replica 2.\n"
          "In this partition every write is refused.\n");
}

TEST_CASE("partition description: a proposed ISR is shown, and who is about to leave", "[cli]") {
    PartitionDescription description = described();
    client::PartitionState known = state();
    known.proposed_isr = {kOne};
    known.replicas[1].reason = "it is slow";
    description.take(known);
    const std::string text = text_of(description);
    CHECK(text.find("\nProposed ISR     1\n") != std::string::npos);
    CHECK(text.find("\nReplica 2 is about to leave the ISR: it is slow.\n") != std::string::npos);
}

TEST_CASE("partition description: the JSON has all fields, and null for what is not known",
          "[cli]") {
    PartitionDescription description = described();
    description.take(state());
    CHECK(json_of(description) ==
          R"({"topic":"orders","partition":4,"leader":1,"leaderEpoch":8,"replicas":[1,2,3],)"
          R"("isr":[1,2],"offline":[],"earliestOffset":0,"latestOffset":100,"partitionEpoch":12,)"
          R"("logEndOffset":120,"durableEndOffset":110,"minIsr":2,"proposedIsr":null,)"
          R"("watermarkReason":"it waits for replica 2",)"
          R"("writeRefusal":"every write is refused","replicaStates":[)"
          R"({"replica":1,"inSync":true,"brokerEpoch":-1,"endOffset":110,"lag":10,)"
          R"("sinceFetchMs":null,"sinceCaughtUpMs":null,"reason":null},)"
          R"({"replica":2,"inSync":true,"brokerEpoch":20,"endOffset":100,"lag":20,)"
          R"("sinceFetchMs":40,"sinceCaughtUpMs":5230,"reason":null},)"
          R"({"replica":3,"inSync":false,"brokerEpoch":-1,"endOffset":null,"lag":null,)"
          R"("sinceFetchMs":null,"sinceCaughtUpMs":null,"reason":"it is late"}],"error":null})");
}

TEST_CASE("partition description: the JSON without the leader's answer says why", "[cli]") {
    PartitionDescription description = described();
    description.error = Error{ErrorKind::timed_out, "no answer in time"};
    CHECK(json_of(description) ==
          R"({"topic":"orders","partition":4,"leader":1,"leaderEpoch":7,"replicas":[1,2,3],)"
          R"("isr":[1,2,3],"offline":[],"earliestOffset":null,"latestOffset":null,)"
          R"("partitionEpoch":null,"logEndOffset":null,"durableEndOffset":null,"minIsr":null,)"
          R"("proposedIsr":null,"watermarkReason":null,"writeRefusal":null,)"
          R"("replicaStates":null,)"
          R"("error":"no answer in time"})");
}

}  // namespace
}  // namespace hw::cli
