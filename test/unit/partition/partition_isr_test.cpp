#include <array>
#include <chrono>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "replication/partition/partition_leader.h"

namespace hw::replication {
namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using wire::ErrorCode;

constexpr BrokerId kSelf{1};
constexpr BrokerId kTwo{2};
constexpr BrokerId kThree{3};
constexpr Duration kSession = 3s;
constexpr std::array kAll{kSelf, kTwo, kThree};

/// The leader of a partition of three replicas. Its log ends at 10, is durable, and its epoch began
/// at 8.
struct Leading {
    explicit Leading(std::vector<BrokerId> isr, LagLimits lag = {}, std::int32_t min_isr = 1,
                     bool may_elect_uncleanly = false) {
        LeaderEffects effects;
        core.on_leadership({.facts = facts(std::move(isr), 0),
                            .rules = {.min_insync_replicas = min_isr,
                                      .lag = lag,
                                      .may_elect_uncleanly = may_elect_uncleanly},
                            .epoch_start_offset = Offset(8),
                            .ends = {Offset(10), Offset(10)}},
                           now, effects);
    }

    static PartitionFacts facts(std::vector<BrokerId> isr, int partition_epoch) {
        return {
            LeaderEpoch(5), PartitionEpoch(partition_epoch), {kSelf, kTwo, kThree}, std::move(isr)};
    }
    LeaderEffects fetch(BrokerId from, std::int64_t offset, bool may_join = true,
                        std::int64_t broker_epoch = 20) {
        LeaderEffects effects;
        core.on_fetch({.broker = from,
                       .broker_epoch = BrokerEpoch(broker_epoch),
                       .offset = Offset(offset),
                       .may_join_isr = may_join,
                       .at = now},
                      effects);
        return effects;
    }
    LeaderEffects tick(std::span<const BrokerId> active = kAll) {
        LeaderEffects effects;
        core.on_time({active, session_end, kSession}, now, effects);
        return effects;
    }
    LeaderEffects write_to(std::int64_t end) {
        LeaderEffects effects;
        core.on_log_ends({Offset(end), Offset(end)}, now, effects);
        return effects;
    }
    LeaderEffects answer(const IsrProposal& proposal, IsrOutcome outcome,
                         std::vector<BrokerId> accepted = {}) {
        LeaderEffects effects;
        core.on_isr_answer(
            {proposal, outcome, facts(std::move(accepted), proposal.partition_epoch.value() + 1)},
            now, effects);
        return effects;
    }

    TimePoint now{1h};
    TimePoint session_end = kNever;
    PartitionLeader core{kSelf, Offset(6)};
};

std::vector<BrokerId> members(const std::optional<IsrProposal>& proposal) {
    std::vector<BrokerId> brokers;
    REQUIRE(proposal.has_value());
    for (const IsrMember& member : proposal->isr) {
        brokers.push_back(member.broker);
    }
    return brokers;
}

TEST_CASE("isr: the watermark is the smallest end that the members have acknowledged",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo, kThree});
    CHECK_FALSE(leader.fetch(kTwo, 10).high_watermark);
    CHECK(leader.fetch(kThree, 9).high_watermark == Offset(9));
    CHECK(leader.fetch(kThree, 10).high_watermark == Offset(10));
}

TEST_CASE("isr: a follower that has reached watermark and epoch start is proposed with its epoch",
          "[partition][isr][kip-497][kip-903]") {
    Leading leader({kSelf});
    CHECK(leader.core.high_watermark() == Offset(10));
    CHECK_FALSE(leader.fetch(kTwo, 9).proposal);
    const LeaderEffects joined = leader.fetch(kTwo, 10);
    CHECK(members(joined.proposal) == std::vector{kSelf, kTwo});
    CHECK(joined.proposal->isr[1].epoch == BrokerEpoch(20));
    CHECK(joined.proposal->leader_epoch == LeaderEpoch(5));
    CHECK(joined.proposal->partition_epoch == PartitionEpoch(0));
}

TEST_CASE("isr: a follower below the start of the leader's epoch does not join",
          "[partition][isr][kip-320]") {
    // The watermark stands still, because two of three replicas are needed.
    Leading leader({kSelf}, {}, 2);
    CHECK(leader.core.high_watermark() == Offset(6));
    CHECK_FALSE(leader.fetch(kTwo, 7).proposal);
    CHECK(leader.fetch(kTwo, 8).proposal);
}

TEST_CASE("isr: a fenced or stopping broker is not proposed", "[partition][isr][kip-841]") {
    Leading leader({kSelf});
    CHECK_FALSE(leader.fetch(kTwo, 10, false).proposal);
    CHECK(leader.fetch(kTwo, 10, true).proposal);
}

TEST_CASE("isr: a proposed member holds back the watermark before the controller has answered",
          "[partition][isr][kip-497]") {
    Leading leader({kSelf});
    const auto proposal = leader.fetch(kTwo, 10).proposal;
    REQUIRE(proposal);
    CHECK_FALSE(leader.write_to(15).high_watermark);
    CHECK(leader.core.is_in_maximal_isr(kTwo));
    CHECK_FALSE(leader.answer(*proposal, IsrOutcome::accepted, {kSelf, kTwo}).high_watermark);
    CHECK(leader.core.facts().is_in_sync(kTwo));
    CHECK(leader.fetch(kTwo, 15).high_watermark == Offset(15));
}

TEST_CASE("isr: one change is proposed at a time", "[partition][isr]") {
    Leading leader({kSelf});
    const auto first = leader.fetch(kTwo, 10).proposal;
    CHECK_FALSE(leader.fetch(kThree, 10).proposal);
    (void)leader.answer(*first, IsrOutcome::accepted, {kSelf, kTwo});
    CHECK(members(leader.fetch(kThree, 10).proposal) == std::vector{kSelf, kTwo, kThree});
}

TEST_CASE("isr: when the controller refuses a member, the watermark goes on without it",
          "[partition][isr][kip-497]") {
    Leading leader({kSelf});
    const auto proposal = leader.fetch(kTwo, 10).proposal;
    (void)leader.write_to(15);
    CHECK(leader.answer(*proposal, IsrOutcome::refused).high_watermark == Offset(15));
    CHECK_FALSE(leader.core.is_in_maximal_isr(kTwo));
}

TEST_CASE("isr: a refusal after an attempt of unknown outcome first has the old ISR confirmed",
          "[partition][isr]") {
    Leading leader({kSelf});
    const auto first = leader.fetch(kTwo, 10).proposal;
    const auto retry = leader.answer(*first, IsrOutcome::unknown).proposal;
    CHECK(members(retry) == std::vector{kSelf, kTwo});
    (void)leader.write_to(15);
    const LeaderEffects refused = leader.answer(*retry, IsrOutcome::refused);
    CHECK_FALSE(refused.high_watermark);
    CHECK(leader.core.is_in_maximal_isr(kTwo));
    CHECK(members(refused.proposal) == std::vector{kSelf});
    CHECK(leader.answer(*refused.proposal, IsrOutcome::accepted, {kSelf}).high_watermark ==
          Offset(15));
}

TEST_CASE("isr: an outdated proposal waits for the metadata, and counts until they come",
          "[partition][isr]") {
    Leading leader({kSelf});
    const auto proposal = leader.fetch(kTwo, 10).proposal;
    (void)leader.write_to(15);
    const LeaderEffects outdated = leader.answer(*proposal, IsrOutcome::outdated);
    CHECK_FALSE(outdated.high_watermark);
    CHECK_FALSE(outdated.proposal);
    LeaderEffects effects;
    leader.core.on_metadata(Leading::facts({kSelf}, 3), leader.now, effects);
    CHECK(effects.high_watermark == Offset(15));
}

TEST_CASE("isr: an answer to an older proposal changes nothing", "[partition][isr]") {
    Leading leader({kSelf});
    const auto old = leader.fetch(kTwo, 10).proposal;
    LeaderEffects effects;
    leader.core.on_metadata(Leading::facts({kSelf, kThree}, 3), leader.now, effects);
    (void)leader.answer(*old, IsrOutcome::accepted, {kSelf, kTwo});
    CHECK(leader.core.facts().isr == std::vector{kSelf, kThree});
}

TEST_CASE("isr: a follower that has not caught up for replica.lag.time.max.ms is proposed out",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo, kThree}, {.time_max = 10s, .messages_max = {}});
    (void)leader.fetch(kTwo, 10);
    (void)leader.fetch(kThree, 10);
    (void)leader.write_to(15);
    leader.now += 9s;
    (void)leader.fetch(kTwo, 15);
    leader.now += 1s;
    CHECK_FALSE(leader.tick().proposal);
    leader.now += 1ms;
    CHECK(members(leader.tick().proposal) == std::vector{kSelf, kTwo});
}

TEST_CASE("isr: a member that has never fetched in this epoch has the whole time from its start",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo}, {.time_max = 10s, .messages_max = {}});
    leader.now += 10s;
    CHECK_FALSE(leader.tick().proposal);
    leader.now += 1ms;
    CHECK(members(leader.tick().proposal) == std::vector{kSelf});
}

TEST_CASE("isr: a follower that fetches all there was at its last fetch stays in sync",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo}, {.time_max = 10s, .messages_max = {}});
    for (std::int64_t end = 10; end < 100; ++end) {
        (void)leader.fetch(kTwo, end);
        leader.now += 1s;
        (void)leader.write_to(end + 1);
        CHECK_FALSE(leader.tick().proposal);
    }
}

TEST_CASE("isr: replica.lag.max.messages takes a follower out after one second beyond it",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo, kThree}, {.time_max = 10s, .messages_max = 100});
    (void)leader.fetch(kThree, 10);
    (void)leader.fetch(kTwo, 10);
    (void)leader.write_to(111);
    (void)leader.fetch(kThree, 111);
    CHECK_FALSE(leader.tick().proposal);
    leader.now += 500ms;
    (void)leader.fetch(kTwo, 11);
    leader.now += 999ms;
    CHECK_FALSE(leader.tick().proposal);
    (void)leader.write_to(112);
    CHECK_FALSE(leader.tick().proposal);
    leader.now += 1s;
    CHECK(members(leader.tick().proposal) == std::vector{kSelf, kThree});
}

TEST_CASE("isr: after that it joins again when it is within half of the limit",
          "[partition][isr]") {
    Leading leader({kSelf}, {.time_max = 10s, .messages_max = 100}, 2);
    (void)leader.write_to(111);
    CHECK_FALSE(leader.fetch(kTwo, 60).proposal);
    CHECK(leader.fetch(kTwo, 61).proposal);
}

TEST_CASE("isr: a follower that is too many records behind does not hold back the watermark",
          "[partition][isr]") {
    Leading leader({kSelf, kThree}, {.time_max = 10s, .messages_max = 100});
    (void)leader.fetch(kThree, 10);
    (void)leader.fetch(kTwo, 10, false);
    (void)leader.write_to(111);
    (void)leader.fetch(kTwo, 11);
    CHECK_FALSE(leader.core.has_proposal());
    CHECK(leader.fetch(kThree, 111).high_watermark == Offset(111));
}

TEST_CASE("isr: a follower that has joined far below the log end has the whole time to catch up",
          "[partition][isr]") {
    Leading leader({kSelf}, {.time_max = 10s, .messages_max = {}}, 2);
    (void)leader.write_to(1000);
    const auto joined = leader.fetch(kTwo, 8).proposal;
    REQUIRE(joined);
    (void)leader.answer(*joined, IsrOutcome::accepted, {kSelf, kTwo});
    leader.now += 10s;
    CHECK_FALSE(leader.tick().proposal);
    leader.now += 1ms;
    CHECK(members(leader.tick().proposal) == std::vector{kSelf});
}

TEST_CASE("isr: lag in records alone never makes the ISR smaller than min.insync.replicas",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo, kThree}, {.time_max = 1h, .messages_max = 100}, 2);
    (void)leader.fetch(kTwo, 10);
    (void)leader.fetch(kThree, 9);
    (void)leader.write_to(500);
    (void)leader.tick();
    leader.now += 2s;
    // The one that lags most leaves, the other one stays.
    CHECK(members(leader.tick().proposal) == std::vector{kSelf, kTwo});
}

TEST_CASE("isr: a caught-up replica about to join holds back the watermark until it is fenced",
          "[partition][isr]") {
    Leading leader({kSelf});
    const auto pending = leader.fetch(kThree, 10).proposal;
    CHECK_FALSE(leader.fetch(kTwo, 10).proposal);
    (void)leader.answer(*pending, IsrOutcome::accepted, {kSelf, kThree});
    (void)leader.write_to(15);
    CHECK_FALSE(leader.fetch(kThree, 15).high_watermark);
    constexpr std::array kWithoutTwo{kSelf, kThree};
    CHECK(leader.tick(kWithoutTwo).high_watermark == Offset(15));
}

TEST_CASE("isr: a broker that the controller takes out no longer holds back the watermark",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo});
    (void)leader.fetch(kTwo, 10);
    (void)leader.write_to(15);
    LeaderEffects effects;
    leader.core.on_metadata(Leading::facts({kSelf}, 3), leader.now, effects);
    CHECK(effects.high_watermark == Offset(15));
}

TEST_CASE("isr: a fetch of a dead incarnation is refused", "[partition][isr][kip-903]") {
    Leading leader({kSelf, kTwo});
    (void)leader.fetch(kTwo, 9, true, 30);
    CHECK(leader.core.check_follower(kTwo, BrokerEpoch(30)).has_value());
    CHECK(leader.core.check_follower(kTwo, BrokerEpoch(31)).has_value());
    const auto stale = leader.core.check_follower(kTwo, BrokerEpoch(29));
    REQUIRE_FALSE(stale.has_value());
    CHECK(stale.error().code == ErrorCode::not_leader_or_follower);
}

TEST_CASE("isr: a new incarnation begins without what the old one had acknowledged",
          "[partition][isr][kip-903]") {
    Leading leader({kSelf, kTwo});
    CHECK(leader.fetch(kTwo, 10, true, 30).high_watermark == Offset(10));
    (void)leader.write_to(15);
    CHECK_FALSE(leader.fetch(kTwo, 3, true, 31).high_watermark);
    CHECK(leader.core.followers().at(kTwo).acknowledged_end() == Offset(3));
}

TEST_CASE("isr: a broker that is no replica is told that the leader does not know it",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo});
    const auto stranger = leader.core.check_follower(BrokerId(9), BrokerEpoch(1));
    REQUIRE_FALSE(stranger.has_value());
    CHECK(stranger.error().code == ErrorCode::unknown_leader_epoch);
}

TEST_CASE("isr: a leader without a session counts the members that it has not heard for as long",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo});
    leader.now += 2s;
    (void)leader.fetch(kTwo, 10);
    leader.now += 2s;
    (void)leader.tick();
    CHECK(leader.core.silent_members().empty());
    leader.session_end = leader.now;
    (void)leader.tick();
    CHECK(leader.core.silent_members().empty());
    leader.now += 1s;
    (void)leader.tick();
    CHECK(leader.core.silent_members() == std::vector{kTwo});
    SECTION("until it fetches") {
        (void)leader.fetch(kTwo, 10);
        CHECK(leader.core.silent_members().empty());
    }
    SECTION("until the session is back") {
        leader.session_end = kNever;
        (void)leader.tick();
        CHECK(leader.core.silent_members().empty());
    }
    SECTION("until it is out of the ISR") {
        LeaderEffects effects;
        leader.core.on_metadata(Leading::facts({kSelf}, 3), leader.now, effects);
        CHECK(leader.core.silent_members().empty());
    }
}

TEST_CASE("isr: without a session a proposed member counts as one that may lead",
          "[partition][isr]") {
    Leading leader({kSelf});
    REQUIRE(leader.fetch(kTwo, 10).proposal.has_value());
    leader.session_end = leader.now;
    leader.now += 3s;
    (void)leader.tick();
    CHECK(leader.core.silent_members() == std::vector{kTwo});
    CHECK(leader.core.may_be_replaced(leader.now));
}

TEST_CASE(
    "isr: a leader whose process was paused beyond its session may be replaced, which it "
    "knows before its next check",
    "[partition][isr]") {
    Leading leader({kSelf, kTwo});
    leader.session_end = leader.now + kSession;
    (void)leader.tick();
    leader.now += kSession - 1ms;
    CHECK_FALSE(leader.core.may_be_replaced(leader.now));
    leader.now += 1ms;
    CHECK(leader.core.may_be_replaced(leader.now));
}

TEST_CASE("isr: a leader without a session takes nobody out of the ISR, until the session is back",
          "[partition][isr]") {
    Leading leader({kSelf, kTwo});
    leader.session_end = leader.now;
    leader.now += 1h;
    CHECK_FALSE(leader.tick().proposal.has_value());
    leader.session_end = kNever;
    CHECK(leader.tick().proposal.has_value());
}

TEST_CASE("isr: a leader that is the only member may go on without a session", "[partition][isr]") {
    Leading leader({kSelf});
    leader.session_end = leader.now;
    leader.now += 1h;
    (void)leader.tick();
    CHECK(leader.core.silent_members().empty());
    CHECK_FALSE(leader.core.may_be_replaced(leader.now));
}

TEST_CASE("isr: without a session, any replica may lead where leaders are elected uncleanly",
          "[partition][isr]") {
    Leading leader({kSelf}, {}, 1, true);
    (void)leader.fetch(kTwo, 3, false);
    leader.session_end = leader.now;
    leader.now += 2s;
    (void)leader.fetch(kThree, 3, false);
    (void)leader.tick();
    CHECK(leader.core.silent_members().empty());
    leader.now += 1s;
    (void)leader.tick();
    CHECK(leader.core.silent_members() == std::vector{kTwo});
    CHECK(leader.core.may_be_replaced(leader.now));
}

}  // namespace
}  // namespace hw::replication
