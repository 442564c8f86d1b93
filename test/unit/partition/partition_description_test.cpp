#include "replication/partition/partition_description.h"

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "replication/partition/partition_leader.h"

namespace hw::replication {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

constexpr BrokerId kSelf{1};
constexpr BrokerId kTwo{2};
constexpr BrokerId kThree{3};
constexpr std::array kAll{kSelf, kTwo, kThree};

/// The leader of a partition of three replicas, in epoch 5. Its log ends at 10, is durable, and the
/// epoch began at 8.
struct Leading {
    explicit Leading(std::vector<BrokerId> isr, LeaderRules rules = {}) {
        core.on_leadership({.facts = facts(std::move(isr), 0),
                            .rules = rules,
                            .epoch_start_offset = Offset(8),
                            .ends = {Offset(10), Offset(10)}},
                           now, effects);
    }
    static PartitionFacts facts(std::vector<BrokerId> isr, int partition_epoch) {
        return {
            LeaderEpoch(5), PartitionEpoch(partition_epoch), {kTwo, kSelf, kThree}, std::move(isr)};
    }
    void fetch(BrokerId from, std::int64_t offset, bool may_join = true) {
        core.on_fetch({.broker = from,
                       .broker_epoch = BrokerEpoch(20),
                       .offset = Offset(offset),
                       .may_join_isr = may_join,
                       .at = now},
                      effects);
    }
    void write_to(std::int64_t end, std::int64_t durable_end) {
        core.on_log_ends({Offset(end), Offset(durable_end)}, now, effects);
    }
    /// The reason of the only replica that has one.
    std::string reason(const BrokerStates& states = {}) {
        std::string found;
        for (const ReplicaDescription& replica : describe(core, states, now).replicas) {
            CHECK((found.empty() || replica.reason.empty()));
            found += replica.reason;
        }
        return found;
    }
    std::string watermark_reason() { return describe(core, {}, now).watermark_reason; }

    TimePoint now{1h};
    LeaderEffects effects;
    PartitionLeader core{kSelf, Offset(6)};
};

TEST_CASE("description: it has the offsets, and the replicas in the order of the metadata",
          "[partition][description]") {
    Leading leader({kSelf, kTwo, kThree}, {.min_insync_replicas = 2});
    leader.fetch(kTwo, 10);
    leader.now += 300ms;
    leader.write_to(12, 11);
    leader.fetch(kThree, 12);
    leader.now += 1s;
    const PartitionDescription described = describe(leader.core, {}, leader.now);
    CHECK(described.facts.isr == std::vector{kSelf, kTwo, kThree});
    CHECK(described.ends.log_end_offset == Offset(12));
    CHECK(described.ends.durable_end_offset == Offset(11));
    CHECK(described.high_watermark == Offset(10));
    CHECK(described.isr_size_needed == 2);
    CHECK_FALSE(described.proposed_isr);
    REQUIRE(described.replicas.size() == 3);
    const ReplicaDescription& two = described.replicas[0];
    CHECK(two.broker == kTwo);
    CHECK(two.broker_epoch == BrokerEpoch(20));
    CHECK(two.log_end_offset == Offset(10));
    CHECK(two.since_fetch == 1300ms);
    CHECK(two.since_caught_up == 1300ms);
    CHECK(two.reason.empty());
    const ReplicaDescription& self = described.replicas[1];
    CHECK(self.broker == kSelf);
    CHECK(self.log_end_offset == Offset(11));
    CHECK_FALSE(self.since_fetch);
    const ReplicaDescription& three = described.replicas[2];
    CHECK(three.since_fetch == 1s);
    // Since that fetch the leader has not heard of it.
    CHECK(three.since_caught_up == 1s);
}

TEST_CASE("description: a replica that has not fetched from this leader has no end and no times",
          "[partition][description]") {
    Leading leader({kSelf, kTwo});
    leader.now += 4s;
    const PartitionDescription described = describe(leader.core, {}, leader.now);
    const ReplicaDescription& three = described.replicas[2];
    CHECK(three.log_end_offset == kNoOffset);
    CHECK_FALSE(three.since_fetch);
    CHECK_FALSE(three.since_caught_up);
    CHECK(three.reason ==
          "it has not fetched since leader epoch 5 began 4.0 s ago; see the log of broker 3");
    // A member of the ISR counts as caught up when the epoch begins.
    CHECK(described.replicas[0].since_caught_up == 4s);
    CHECK(described.replicas[0].reason.empty());
}

TEST_CASE("description: a broker out of service is the reason, with where its log ends",
          "[partition][description]") {
    Leading leader({kSelf, kTwo});
    leader.fetch(kThree, 9, false);
    leader.now += 2s;
    const std::string position =
        "its log ends at 9, 1 record before the leader's end, 10, and it last fetched 2.0 s ago";
    CHECK(
        leader.reason({{kThree, BrokerState::fenced}}) ==
        "broker 3 is fenced, because it sends the controller no heartbeats or has just started; " +
            position);
    CHECK(leader.reason({{kThree, BrokerState::stopping}}) ==
          "broker 3 is shutting down; " + position);
    CHECK(leader.reason({{kThree, BrokerState::without_directory}}) ==
          "its log directory on broker 3 has failed or is missing, or its log is damaged; see the "
          "log of that broker, repair it and start it again; " +
              position);
    CHECK(leader.reason({{kThree, BrokerState::unregistered}}) ==
          "broker 3 is not registered in the cluster; " + position);
}

TEST_CASE("description: a replica below the high watermark must reach it first",
          "[partition][description]") {
    Leading leader({kSelf});
    leader.fetch(kThree, 4);
    leader.fetch(kTwo, 10);
    leader.now += 100ms;
    CHECK(describe(leader.core, {}, leader.now).replicas[2].reason ==
          "it must first reach the high watermark, 10: its log ends at 4, 6 records before the "
          "leader's end, 10, and it last fetched 100 ms ago; it has not had all records since "
          "leader epoch 5 began");
}

TEST_CASE("description: a replica that was removed for its lag is told with the limit",
          "[partition][description]") {
    Leading leader({kSelf, kTwo, kThree});
    leader.fetch(kTwo, 10);
    leader.fetch(kThree, 10);
    leader.now += 1s;
    leader.write_to(30, 30);
    leader.fetch(kThree, 11);
    leader.now += 11s;
    leader.fetch(kTwo, 30);
    leader.core.on_time({kAll, kNever, 3s}, leader.now, leader.effects);
    const std::string removal = leader.reason();
    CHECK(removal ==
          "the controller has been asked to remove it and has not answered yet: its log ends at "
          "11, 19 records before the leader's end, 30, and it last fetched 11.0 s ago; it last "
          "had all records 12.0 s ago, and replica.lag.time.max.ms is 10000");
    CHECK(describe(leader.core, {}, leader.now).proposed_isr == std::vector{kSelf, kTwo});
    leader.core.on_metadata(Leading::facts({kSelf, kTwo}, 1), leader.now, leader.effects);
    CHECK(leader.reason() ==
          "it must first reach the high watermark, 30: its log ends at 11, 19 records before the "
          "leader's end, 30, and it last fetched 11.0 s ago; it last had all records 12.0 s "
          "ago, and replica.lag.time.max.ms is 10000");
}

TEST_CASE("description: a replica below the start of the leader's epoch must reach it first",
          "[partition][description][kip-320]") {
    // The watermark stays at 6, because two of the replicas are needed.
    Leading leader({kSelf}, {.min_insync_replicas = 2});
    leader.fetch(kTwo, 7);
    CHECK(describe(leader.core, {}, leader.now).replicas[0].reason ==
          "it must first reach the start of the leader's epoch, 8: its log ends at 7, 3 records "
          "before the leader's end, 10, and it last fetched 0 ms ago; it has not had all records "
          "since leader epoch 5 began");
}

TEST_CASE("description: a replica that is proposed waits for the controller",
          "[partition][description]") {
    Leading leader({kSelf, kTwo});
    leader.fetch(kTwo, 10);
    leader.fetch(kThree, 10);
    CHECK(leader.reason() == "the controller has been asked to add it and has not answered yet");
    CHECK(describe(leader.core, {}, leader.now).proposed_isr == std::vector{kSelf, kTwo, kThree});
}

TEST_CASE("description: a replica waits while the controller must answer another change",
          "[partition][description]") {
    Leading leader({kSelf});
    leader.fetch(kTwo, 10);
    leader.fetch(kThree, 10);
    CHECK(describe(leader.core, {}, leader.now).replicas[2].reason ==
          "it can return, but the controller must first answer another change of the ISR");
}

TEST_CASE("description: a replica that the controller refused can return with its next fetch",
          "[partition][description]") {
    Leading leader({kSelf, kTwo});
    leader.fetch(kTwo, 10);
    leader.fetch(kThree, 10);
    leader.core.on_isr_answer({*leader.core.proposal(), IsrOutcome::refused, {}}, leader.now,
                              leader.effects);
    leader.now += 20ms;
    CHECK(leader.reason() ==
          "the controller removed or refused it after its last fetch, so it can return with its "
          "next fetch at the earliest: its log ends at 10, as the leader's does, and it last "
          "fetched 20 ms ago");
}

TEST_CASE("description: a replica too many records behind is told how many are allowed",
          "[partition][description]") {
    Leading leader({kSelf, kTwo}, {.lag = {.messages_max = 100}});
    leader.fetch(kTwo, 10);
    leader.write_to(80, 80);
    leader.fetch(kThree, 10);
    CHECK(leader.reason() ==
          "its log ends at 10, 70 records before the leader's end, 80, and it last fetched 0 ms "
          "ago; it can return when at most 50 are missing, half of replica.lag.max.messages, 100");
}

TEST_CASE("description: a replica that has all that is required can return with its next fetch",
          "[partition][description]") {
    Leading leader({kSelf, kTwo}, {.lag = {.messages_max = 100}});
    leader.fetch(kTwo, 10);
    leader.write_to(80, 80);
    leader.fetch(kThree, 10);
    leader.core.on_rules({}, leader.now, leader.effects);
    CHECK(leader.reason() ==
          "it can return with its next fetch: its log ends at 10, 70 records before the leader's "
          "end, 80, and it last fetched 0 ms ago");
}

TEST_CASE("description: the watermark stands still while the ISR is too small",
          "[partition][description][kip-966]") {
    Leading leader({kSelf}, {.min_insync_replicas = 2});
    CHECK(leader.watermark_reason() ==
          "it does not move while 1 of 3 replicas is in sync, but min.insync.replicas requires 2");
}

TEST_CASE("description: acks=all is refused while the ISR is too small",
          "[partition][description]") {
    Leading leader({kSelf}, {.min_insync_replicas = 2});
    CHECK(describe(leader.core, {}, leader.now).write_refusal ==
          "acks=all is refused: 1 of 3 replicas is in sync, but min.insync.replicas requires 2");
    CHECK(describe(Leading({kSelf}).core, {}, leader.now).write_refusal.empty());
}

TEST_CASE("description: writes are refused while the leader may have been replaced",
          "[partition][description]") {
    Leading leader({kSelf, kTwo, kThree});
    leader.now += 3s;
    leader.core.on_time({kAll, leader.now, 3s}, leader.now, leader.effects);
    CHECK(describe(leader.core, {}, leader.now).write_refusal ==
          "every write is refused: this broker has lost the controllers, and another may lead by "
          "now: brokers 2, 3, which can lead, are silent, too (broker.session.timeout.ms). Start "
          "brokers 2, 3, or a majority of the controllers");
}

TEST_CASE("description: the watermark waits for the slowest member of the ISR",
          "[partition][description]") {
    Leading leader({kSelf, kTwo, kThree});
    leader.fetch(kTwo, 10);
    leader.fetch(kThree, 8);
    leader.now += 1500ms;
    CHECK(leader.watermark_reason() ==
          "it waits for replica 3: its log ends at 8, 2 records before the leader's end, 10, and "
          "it last fetched 1.5 s ago");
    leader.fetch(kThree, 10);
    CHECK(leader.watermark_reason().empty());
}

TEST_CASE("description: the watermark waits for the leader's disk, and for those that are as slow",
          "[partition][description]") {
    Leading leader({kSelf, kTwo});
    leader.fetch(kTwo, 10);
    leader.write_to(15, 10);
    CHECK(leader.watermark_reason() ==
          "it waits for this leader's disk: the log is on stable storage up to 10; it waits for "
          "replica 2: its log ends at 10, 5 records before the leader's end, 15, and it last "
          "fetched 0 ms ago");
}

}  // namespace
}  // namespace hw::replication
