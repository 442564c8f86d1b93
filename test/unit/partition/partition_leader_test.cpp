#include "replication/partition/partition_leader.h"

#include <string>

#include <catch2/catch.hpp>

#include "protocol/base/random.h"

namespace hw::replication {
namespace {

constexpr BrokerId kSelf{1};
constexpr BrokerId kOther{2};
constexpr BrokerId kThird{3};
constexpr TimePoint kNow{};

PartitionFacts facts(std::vector<BrokerId> replicas, std::vector<BrokerId> isr, int version = 0) {
    return {LeaderEpoch(5), PartitionEpoch(version), std::move(replicas), std::move(isr)};
}

Leadership leadership(PartitionFacts facts, LeaderRules rules, LogEnds ends) {
    return {std::move(facts), rules, ends.log_end_offset, ends};
}

/// A leader without followers, with a log that ends at 10 and is durable.
PartitionLeader only_leader(LeaderRules rules) {
    PartitionLeader leader(kSelf, Offset(0));
    LeaderEffects effects;
    leader.on_leadership(leadership(facts({kSelf}, {kSelf}), rules, {Offset(10), Offset(10)}), kNow,
                         effects);
    CHECK(effects.high_watermark == Offset(10));
    return leader;
}

TEST_CASE("leader: in a disk topic the watermark is the durable end of the only replica",
          "[partition][leader]") {
    PartitionLeader leader = only_leader({Durability::disk, 1});
    LeaderEffects written;
    leader.on_log_ends({Offset(15), Offset(10)}, kNow, written);
    CHECK_FALSE(written.high_watermark);
    CHECK(leader.high_watermark() == Offset(10));
    LeaderEffects synced;
    leader.on_log_ends({Offset(15), Offset(13)}, kNow, synced);
    CHECK(synced.high_watermark == Offset(13));
    CHECK(leader.high_watermark() == Offset(13));
}

TEST_CASE("leader: in a memory topic the watermark is the log end of the only replica",
          "[partition][leader]") {
    PartitionLeader leader = only_leader({Durability::memory, 1});
    LeaderEffects written;
    leader.on_log_ends({Offset(15), Offset(10)}, kNow, written);
    CHECK(written.high_watermark == Offset(15));
}

TEST_CASE("leader: when a topic becomes a memory topic, the watermark moves to the log end at once",
          "[partition][leader]") {
    PartitionLeader leader = only_leader({Durability::disk, 1});
    LeaderEffects effects;
    leader.on_log_ends({Offset(15), Offset(10)}, kNow, effects);
    leader.on_rules({Durability::memory, 1}, kNow, effects);
    CHECK(effects.high_watermark == Offset(15));
}

TEST_CASE("leader: when a topic becomes a disk topic, the watermark does not move back",
          "[partition][leader]") {
    PartitionLeader leader = only_leader({Durability::memory, 1});
    LeaderEffects written;
    leader.on_log_ends({Offset(15), Offset(10)}, kNow, written);
    LeaderEffects effects;
    leader.on_rules({Durability::disk, 1}, kNow, effects);
    leader.on_log_ends({Offset(16), Offset(12)}, kNow, effects);
    CHECK_FALSE(effects.high_watermark);
    CHECK(leader.high_watermark() == Offset(15));
}

TEST_CASE("leader: a replica in sync that has acknowledged nothing holds back the watermark",
          "[partition][leader]") {
    PartitionLeader leader(kSelf, Offset(4));
    LeaderEffects effects;
    leader.on_leadership(leadership(facts({kSelf, kOther}, {kSelf, kOther}), {Durability::disk, 1},
                                    {Offset(10), Offset(10)}),
                         kNow, effects);
    leader.on_log_ends({Offset(20), Offset(20)}, kNow, effects);
    CHECK_FALSE(effects.high_watermark);
    CHECK(leader.high_watermark() == Offset(4));
}

TEST_CASE("leader: the watermark moves when the replica that held it back leaves the ISR",
          "[partition][leader]") {
    PartitionLeader leader(kSelf, Offset(4));
    LeaderEffects effects;
    leader.on_leadership(leadership(facts({kSelf, kOther}, {kSelf, kOther}), {Durability::disk, 1},
                                    {Offset(10), Offset(10)}),
                         kNow, effects);
    leader.on_metadata(facts({kSelf, kOther}, {kSelf}, 1), kNow, effects);
    CHECK(effects.high_watermark == Offset(10));
}

TEST_CASE("leader: the watermark stands still while the ISR is smaller than min.insync.replicas",
          "[partition][leader][kip-966]") {
    PartitionLeader leader(kSelf, Offset(4));
    LeaderEffects effects;
    leader.on_leadership(leadership(facts({kSelf, kOther, kThird}, {kSelf}), {Durability::disk, 2},
                                    {Offset(10), Offset(10)}),
                         kNow, effects);
    leader.on_log_ends({Offset(20), Offset(20)}, kNow, effects);
    CHECK_FALSE(effects.high_watermark);
    CHECK_FALSE(leader.isr_is_large_enough());
    CHECK(leader.isr_size_needed() == 2);

    leader.on_rules({Durability::disk, 1}, kNow, effects);
    CHECK(effects.high_watermark == Offset(20));
}

TEST_CASE("leader: min.insync.replicas requires no more replicas than there are",
          "[partition][leader]") {
    PartitionLeader leader = only_leader({Durability::disk, 3});
    CHECK(leader.isr_is_large_enough());
    LeaderEffects effects;
    leader.on_log_ends({Offset(11), Offset(11)}, kNow, effects);
    CHECK(effects.high_watermark == Offset(11));
}

TEST_CASE("leader: metadata of an older version or another epoch changes nothing",
          "[partition][leader]") {
    PartitionLeader leader(kSelf, Offset(0));
    LeaderEffects effects;
    leader.on_leadership(leadership(facts({kSelf, kOther}, {kSelf, kOther}, 7),
                                    {Durability::disk, 1}, {Offset(10), Offset(10)}),
                         kNow, effects);
    leader.on_metadata(facts({kSelf, kOther}, {kSelf}, 6), kNow, effects);
    PartitionFacts other_epoch = facts({kSelf, kOther}, {kSelf}, 9);
    other_epoch.leader_epoch = LeaderEpoch(4);
    leader.on_metadata(other_epoch, kNow, effects);
    CHECK(leader.facts().isr.size() == 2);
    CHECK_FALSE(effects.high_watermark);
}

TEST_CASE("leader: the watermark is not current before it has reached the start of the epoch",
          "[partition][leader][kip-207]") {
    PartitionLeader leader(kSelf, Offset(4));
    LeaderEffects effects;
    leader.on_leadership(
        leadership(facts({kSelf}, {kSelf}), {Durability::disk, 1}, {Offset(10), Offset(8)}), kNow,
        effects);
    CHECK(leader.high_watermark() == Offset(8));
    CHECK_FALSE(leader.high_watermark_is_current());
    leader.on_log_ends({Offset(12), Offset(10)}, kNow, effects);
    CHECK(leader.high_watermark_is_current());
}

TEST_CASE("leader: an epoch starts after a write that is in progress", "[partition][leader]") {
    PartitionLeader leader(kSelf, Offset(4));
    LeaderEffects effects;
    Leadership begin =
        leadership(facts({kSelf}, {kSelf}), {Durability::memory, 1}, {Offset(10), Offset(10)});
    begin.epoch_start_offset = Offset(12);
    leader.on_leadership(begin, kNow, effects);
    CHECK(leader.high_watermark() == Offset(10));
    CHECK_FALSE(leader.high_watermark_is_current());
}

TEST_CASE("leader: a new epoch begins without acknowledgements but keeps the watermark",
          "[partition][leader][kip-320]") {
    PartitionLeader leader = only_leader({Durability::disk, 1});
    LeaderEffects effects;
    PartitionFacts next = facts({kSelf, kOther}, {kSelf, kOther}, 1);
    next.leader_epoch = LeaderEpoch(6);
    leader.on_leadership(leadership(next, {Durability::disk, 1}, {Offset(12), Offset(12)}), kNow,
                         effects);
    CHECK_FALSE(effects.high_watermark);
    CHECK(leader.high_watermark() == Offset(10));
    CHECK(leader.epoch() == LeaderEpoch(6));
}

/// A leader of three replicas with random ISRs and log ends. Followers never acknowledge, so each
/// follower in the ISR holds back the watermark.
class RandomRun {
public:
    RandomRun(std::uint64_t seed, LeaderMutants mutants)
        : random_(seed),
          rules_{random_.below(2) == 0 ? Durability::disk : Durability::memory,
                 static_cast<std::int32_t>(1 + random_.below(3))},
          leader_(kSelf, Offset(0), mutants) {
        LeaderEffects effects;
        leader_.on_leadership(leadership(facts_, rules_, ends_), kNow, effects);
    }

    /// Returns the first broken rule, empty if there is none.
    std::string first_broken_rule() {
        std::string broken;
        for (int step = 0; step < 200 && broken.empty(); ++step) {
            const Offset before = leader_.high_watermark();
            LeaderEffects effects;
            if (random_.below(4) == 0) {
                change_isr();
                leader_.on_metadata(facts_, kNow, effects);
            } else {
                change_ends();
                leader_.on_log_ends(ends_, kNow, effects);
            }
            broken = rule_broken_since(before);
        }
        return broken;
    }

private:
    void change_isr() {
        facts_.isr = {kSelf};
        for (const BrokerId id : {kOther, kThird}) {
            if (random_.below(3) == 0) {
                facts_.isr.push_back(id);
            }
        }
        ++facts_.partition_epoch;
    }

    void change_ends() {
        ends_.log_end_offset += static_cast<std::int64_t>(random_.below(3));
        const auto unsynced = ends_.log_end_offset - ends_.durable_end_offset;
        ends_.durable_end_offset +=
            static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(unsynced) + 1));
    }

    [[nodiscard]] std::string rule_broken_since(Offset before) const {
        const Offset now = leader_.high_watermark();
        const Offset own =
            rules_.durability == Durability::disk ? ends_.durable_end_offset : ends_.log_end_offset;
        const bool alone = facts_.isr.size() == 1;
        const bool enough =
            static_cast<std::int32_t>(facts_.isr.size()) >= rules_.min_insync_replicas;
        if (now < before) {
            return "the watermark fell";
        }
        if (now > own) {
            return "the watermark is above what the leader has acknowledged";
        }
        if (now > before && !alone) {
            return "the watermark passed a replica in sync";
        }
        if (now > before && !enough) {
            return "the watermark moved with too few replicas in sync";
        }
        if (now < own && alone && enough) {
            return "the watermark stood still";
        }
        if (leader_.high_watermark_is_current() != (now >= Offset(3))) {
            return "the watermark is current before the start of the epoch";
        }
        return "";
    }

    Random random_;
    LeaderRules rules_;
    PartitionFacts facts_ = facts({kSelf, kOther, kThird}, {kSelf});
    LogEnds ends_{Offset(3), Offset(2)};
    PartitionLeader leader_;
};

TEST_CASE("leader: the rules hold for random ISRs and log ends", "[partition][leader][seeded]") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        CHECK(RandomRun(seed, {}).first_broken_rule() == "");
    }
}

TEST_CASE("leader: the random runs detect each rule that is broken on purpose",
          "[partition][leader][seeded][mutant]") {
    const auto noticed = [](LeaderMutants mutants) {
        std::string found;
        for (std::uint64_t seed = 1; seed <= 200 && found.empty(); ++seed) {
            found = RandomRun(seed, mutants).first_broken_rule();
        }
        return found;
    };
    CHECK(noticed({.acknowledges_before_sync = true}) ==
          "the watermark is above what the leader has acknowledged");
    CHECK(noticed({.ignores_min_isr = true}) ==
          "the watermark moved with too few replicas in sync");
    CHECK(noticed({.ignores_other_replicas = true}) == "the watermark passed a replica in sync");
    CHECK(noticed({.forgets_epoch_start = true}) ==
          "the watermark is current before the start of the epoch");
}

}  // namespace
}  // namespace hw::replication
