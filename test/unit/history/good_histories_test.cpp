#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "test/history/judge.h"
#include "test/unit/history/written_history.h"

namespace hw::history {
namespace {

/// A history in which every promise was kept, and everything that must be counted as accepted.
struct GoodHistory {
    const char* sentence;
    std::map<std::string, std::uint64_t> accepted;
    const char* text;
};

std::map<std::string, std::uint64_t> accepted_in(const Findings& findings) {
    std::map<std::string, std::uint64_t> found;
    for (std::size_t i = 0; i < kCuriosities; ++i) {
        const auto curiosity = static_cast<Curiosity>(i);
        if (findings.times(curiosity) > 0) {
            found.emplace(describe(curiosity).name, findings.times(curiosity));
        }
    }
    return found;
}

void check(const GoodHistory& good) {
    INFO(good.sentence << good.text);
    const History history = written_history(good.text);
    const Verdict verdict = judge(history);
    CHECK(verdict.judgement == Judgement::clean);
    for (std::size_t i = 0; i < kAnomalyKinds; ++i) {
        const Anomaly* const first = verdict.findings.first(static_cast<AnomalyKind>(i));
        CHECK((first == nullptr ? "" : first->message) == "");
    }
    CHECK(accepted_in(verdict.findings) == good.accepted);
}

const std::initializer_list<GoodHistory> kSends{
    {"every record is acknowledged and read", {}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        ! 100 final
        c 110-120 poll 0 a b hw=2 by=1 epoch=1
        l 130-140 latest 2 by=1 epoch=1
        l 130-140 earliest 0 by=1 epoch=1)"},
    {"sends of unknown outcome may appear or not",
     {{"unknown-read", 1}, {"unknown-not-read", 2}},
     R"(
        p 10-20 send a ->0
        p 21-30 info send b
        p 31-? info send c
        p 32-40 info send d
        ! 100 final
        c 110-120 poll 0 a c hw=2)"},
    {"a failed send does not appear", {}, R"(
        p 10-20 send a ->0
        p 21-30 fail send b
        c 40-50 poll 0 a)"},
    {"a failed send whose retry succeeded appears", {}, R"(
        p 10-20 fail send a
        p 30-40 send a ->0
        c 50-60 poll 0 a)"},
    {"an unknown send appears long after it ended, behind later ones", {{"unknown-read", 1}}, R"(
        p 10-20 info send a
        q 30-40 send b ->0
        q 50-60 send c ->1
        c 70-80 poll 0 b c a)"},
    {"a retry of an idempotent producer gets the original offset", {}, R"(
        p 10-20 info send a id=7
        p 30-40 send a id=7 ->0
        p 50-60 send a id=7 ->0
        c 70-80 poll 0 a)"},
    {"a retry gets the original offset after a later record was acknowledged", {}, R"(
        p 10-20 info send a id=7
        q 30-40 send b ->1
        p 50-60 send a id=7 ->0
        c 70-80 poll 0 a b)"},
    {"a retry without idempotence is appended again", {{"plain-duplicate", 1}}, R"(
        p 10-20 send a ->1
        c 70-80 poll 0 a a)"},
    {"a retry after a new producer id is appended again", {{"plain-duplicate", 1}}, R"(
        p 10-20 info send a id=7
        p 30-40 send a id=8 ->1
        c 70-80 poll 0 a a)"},
    {"overlapping sends without idempotence change places", {{"plain-reorder", 1}}, R"(
        p 10-30 send a ->1
        p 11-31 send b ->0
        c 70-80 poll 0 b a)"},
    {"sends of two producers overlap and get offsets in any order", {}, R"(
        p 10-30 send a id=7 ->1
        q 11-31 send b id=8 ->0
        c 70-80 poll 0 b a)"},
    {"a record of acks=1 may be lost, and its offset given again", {{"weak-not-read", 2}}, R"(
        p 10-20 send a ->0
        p 21-30 send b acks=1 ->1
        p 31-40 send x acks=0
        q 41-50 send c ->1
        ! 100 final
        c 110-120 poll 0 a c hw=2)"},
    {"a leader that was replaced gives a lower offset with acks=1", {{"weak-not-read", 1}}, R"(
        p 10-20 send x ->0
        p 21-30 send a ->1
        q 41-50 send b acks=1 ->0
        c 60-70 poll 0 x a)"},
    {"an unknown send whose retry failed may appear", {{"unknown-read", 1}}, R"(
        p 10-20 send x ->0
        p 21-30 info send a
        p 31-40 fail send a
        c 60-70 poll 0 x a)"},
    {"a truncated unknown send that nobody read is no anomaly", {{"unknown-not-read", 1}}, R"(
        p 10-20 send a ->0
        p 21-30 info send b
        q 41-50 send c ->1
        ! 100 final
        c 110-120 poll 0 a c hw=2)"},
    {"records that nobody has read yet are counted", {{"acknowledged-not-read", 1}}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 40-50 poll 0 a)"},
    {"records that are sent during the final read may be missing",
     {{"acknowledged-not-read", 1}},
     R"(
        p 10-20 send a ->0
        ! 100 final
        c 110-120 poll 0 a hw=1
        p 121-130 send b ->1)"},
};

const std::initializer_list<GoodHistory> kReads{
    {"a reader moves between the leader and followers", {{"broker-change", 2}}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        p 31-40 send c ->2
        c 45-45 assign 0
        c 50-60 poll 0 a hw=3 by=1 epoch=1
        c 61-70 poll 1 b hw=2 by=2
        c 71-80 poll 2 hw=2 by=2
        c 81-90 poll 2 c hw=3 by=1 epoch=1)"},
    {"the high watermark of a follower, or of a new leader, may be lower", {}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 50-60 poll 0 a b hw=2 by=1 epoch=1
        d 61-70 poll 0 a hw=1 by=2
        e 71-80 poll 0 a hw=1 by=2 epoch=2)"},
    {"the last stable offset may be below the high watermark", {}, R"(
        p 10-20 send a ->0
        c 21-29 poll 0 a
        l 30-40 latest 1 by=1 epoch=1
        l 50-60 latest 0 by=1 epoch=1 committed)"},
    {"overlapping answers of one epoch may come in any order", {}, R"(
        p 10-20 send a ->0
        c 21-29 poll 0 a
        l 30-60 latest 2 by=1 epoch=1
        k 40-50 latest 1 by=1 epoch=1)"},
    {"a reader without an assignment may jump", {}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 40-50 poll 0 a b
        c 60-70 poll 0 a
        c 80-90 poll 1 b)"},
    {"a seek moves a reader", {}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 35-35 assign 0
        c 40-50 poll 0 a b
        c 55-55 assign 0
        c 60-70 poll 0 a b
        c 75-75 assign ?
        c 80-90 poll 1 b)"},
    {"failed and unknown polls move nobody", {}, R"(
        p 10-20 send a ->0
        c 35-35 assign 0
        c 40-50 fail poll 0
        c 51-55 info poll 0
        c 60-70 poll 0 a)"},
    {"a reader is led over records below the log start", {{"acknowledged-not-read", 1}}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        p 31-40 send c ->2
        c 41-42 poll 1 b
        c 45-45 assign 0
        ! 50 start ->2
        c 60-70 poll 0 2:c
        d 71-71 assign 0
        d 75-80 poll 2 c
        ! 100 final
        e 110-120 poll 2 c hw=3)"},
    {"an answer of an older leader is stale", {{"stale-read", 1}}, R"(
        p 10-20 send a ->0
        c 21-29 poll 0 a by=2 epoch=2
        l 30-40 latest 0 by=1 epoch=1)"},
    {"an answer is stale if the next leader may have been elected before it",
     {{"stale-read", 1}},
     R"(
        p 10-20 send a ->0
        ! 35 leader by=2 epoch=2
        l 36-40 latest 0 by=1 epoch=1
        c 50-60 poll 0 a by=2 epoch=2)"},
    {"an answer is stale if the next epoch is known only by a later one", {{"stale-read", 1}}, R"(
        p 10-20 send a ->0
        l 30-40 latest 0 by=1 epoch=1
        ! 50 leader by=3 epoch=3
        c 60-70 poll 0 a)"},
    {"an answer without an epoch is not judged", {{"stale-read", 1}}, R"(
        p 10-20 send a ->0
        c 21-29 poll 0 a
        l 30-40 latest 0)"},
    {"an answer to an overlapping request may leave the record out", {}, R"(
        p 10-35 send a ->0
        l 30-40 latest 0 by=1 epoch=1
        c 41-49 poll 0 a)"},
};

const std::initializer_list<GoodHistory> kLosses{
    {"an unclean election may take records, and give their offsets again",
     {{"excused-loss", 1}, {"broker-change", 1}},
     R"(
        p 10-20 send a id=7 ->0
        p 21-30 send b id=7 ->1
        c 35-35 assign 0
        c 40-45 poll 0 a b by=1 epoch=1 hw=2
        ! 50-60 unclean
        q 70-80 send d ->1
        l 81-85 latest 2 by=2 epoch=2
        c 90-95 poll 1 d by=2 epoch=2
        ! 100 final
        e 110-120 poll 0 a d hw=2)"},
    {"a power loss may take records of a memory topic",
     {{"excused-loss", 1}, {"acknowledged-not-read", 1}},
     R"(
        p 10-20 send a ->0 in=m0
        p 21-30 send b ->1 in=m0
        ! 50 power
        ! 100 final
        c 110-120 poll 0 a hw=1 in=m0)"},
    {"an idempotent record is written again after a loss", {{"excused-loss", 1}}, R"(
        p 10-20 send x ->0 in=m0
        p 21-30 info send a id=7 in=m0
        c 31-35 poll 0 x a in=m0
        ! 50 power
        p 60-70 send y ->1 in=m0
        p 71-80 send a id=7 ->2 in=m0
        ! 100 final
        c 110-120 poll 0 x y a hw=3 in=m0)"},
    {"records of a deleted topic need not be found", {{"acknowledged-not-read", 1}}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 31-35 poll 0 a
        ! 50 delete
        ! 100 final)"},
    {"a topic that is created again begins at offset 0", {}, R"(
        p 10-20 send a ->0
        c 21-25 poll 0 a by=1 epoch=5 hw=1
        ! 50 delete
        p 60-70 send b ->0 in=r0
        l 71-75 latest 1 by=2 epoch=0 in=r0
        ! 100 final
        c 110-120 poll 0 b hw=1 in=r0)"},
};

TEST_CASE("judge: accepts every outcome of sends that the broker may give", "[history]") {
    for (const GoodHistory& good : kSends) {
        check(good);
    }
}

TEST_CASE("judge: accepts every view of a correct log", "[history]") {
    for (const GoodHistory& good : kReads) {
        check(good);
    }
}

TEST_CASE("judge: excuses declared losses, and counts them", "[history]") {
    for (const GoodHistory& good : kLosses) {
        check(good);
    }
}

TEST_CASE("judge: a history without an acknowledged record that was read is not a pass",
          "[history]") {
    const char* const text = GENERATE("", "p 10-20 send a ->0", "c 10-20 poll 0",
                                      "p 10-20 info send a\n c 30-40 poll 0 a");
    INFO(text);
    CHECK(judge(written_history(text)).judgement == Judgement::nothing_checked);
}

}  // namespace
}  // namespace hw::history
