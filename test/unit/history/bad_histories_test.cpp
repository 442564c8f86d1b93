#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "test/history/judge.h"
#include "test/unit/history/written_history.h"

namespace hw::history {
namespace {

/// A history in which the broker broke a promise, and the names of all anomalies in it.
struct BadHistory {
    const char* sentence;
    std::set<std::string> anomalies;
    const char* text;
};

std::set<std::string> names(const Findings& findings) {
    std::set<std::string> found;
    for (std::size_t i = 0; i < kAnomalyKinds; ++i) {
        const auto kind = static_cast<AnomalyKind>(i);
        if (findings.times(kind) > 0) {
            found.emplace(describe(kind).name);
        }
    }
    return found;
}

void check(const BadHistory& bad) {
    INFO(bad.sentence << bad.text);
    const History history = written_history(bad.text);
    const Verdict verdict = judge(history);
    CHECK(verdict.judgement == Judgement::anomalies);
    CHECK(names(verdict.findings) == bad.anomalies);
}

const std::initializer_list<BadHistory> kOffsets{
    {"two readers see different values at one offset", {"inconsistent-offsets"}, R"(
        p 10-20 info send a
        q 10-20 info send b
        c 30-40 poll 0 a
        d 50-60 poll 0 b)"},
    {"one reader sees an offset change", {"inconsistent-offsets"}, R"(
        p 10-20 info send a
        q 10-20 info send b
        c 30-40 poll 0 a
        c 50-60 poll 0 b
        c 70-80 poll 0 a)"},
    {"two sends are acknowledged at one offset", {"inconsistent-offsets"}, R"(
        p 10-20 send a ->0
        q 15-25 send b ->0)"},
    {"a record is acknowledged at an offset that holds another one at that time",
     {"inconsistent-offsets"},
     R"(
        q 10-20 info send b
        p 10-40 send a ->0
        c 30-50 poll 0 b)"},
    {"a leader and a follower return different values", {"inconsistent-offsets"}, R"(
        p 10-20 info send a
        q 10-20 info send b
        c 30-40 poll 0 a by=1 epoch=1 hw=1
        d 30-40 poll 0 b by=2 hw=1)"},
    {"values differ before a loss that comes later", {"inconsistent-offsets"}, R"(
        p 10-20 info send a
        q 10-20 info send b
        c 30-40 poll 0 a
        d 50-60 poll 0 b
        ! 100 unclean)"},
    {"a power loss excuses nothing in a disk topic", {"inconsistent-offsets"}, R"(
        p 10-20 info send a
        q 10-20 info send b
        c 30-40 poll 0 a
        ! 45 power
        d 50-60 poll 0 b)"},
    {"an unclean election excuses only its own partition", {"inconsistent-offsets"}, R"(
        p 10-20 info send a
        q 10-20 info send b
        c 30-40 poll 0 a
        ! 45 unclean in=1
        d 50-60 poll 0 b)"},
};

const std::initializer_list<BadHistory> kDuplicates{
    {"a retry of an idempotent producer is appended again", {"duplicate"}, R"(
        p 10-20 send a id=7 ->0
        c 30-40 poll 0 a a)"},
    {"an unknown send of an idempotent producer is appended twice", {"duplicate"}, R"(
        p 10-20 info send a id=7
        q 10-20 send b ->1
        c 30-40 poll 0 a b a)"},
    {"a retry is acknowledged with another offset", {"duplicate"}, R"(
        p 10-20 send a id=7 ->0
        p 30-40 send a id=7 ->1)"},
    {"an idempotent record is read at another offset than the acknowledged one", {"duplicate"}, R"(
        p 10-20 send a id=7 ->1
        c 30-40 poll 0 a)"},
    {"the second copy is read by another reader", {"duplicate"}, R"(
        p 10-20 send a id=7 ->0
        q 21-22 send b ->1
        c 30-40 poll 0 a b
        d 30-40 poll 1 b a)"},
};

const std::initializer_list<BadHistory> kLosses{
    {"an acknowledged record is overwritten", {"lost-write"}, R"(
        p 10-20 send a ->0
        q 10-20 info send b
        c 30-40 poll 0 b)"},
    {"an acknowledged record is overwritten before a loss that excuses nothing then",
     {"lost-write"},
     R"(
        p 10-20 send a ->0 in=m0
        q 10-20 info send b in=m0
        c 30-40 poll 0 b in=m0
        ! 50 power
        c 60-70 poll 0 b in=m0)"},
    {"an acknowledged record is overwritten, and the log start passes it", {"lost-write"}, R"(
        p 10-20 send a ->0
        q 10-20 info send b
        ! 25 start ->1
        c 30-40 poll 0 b)"},
    {"a poll leaves an acknowledged record out, and nobody finds it",
     {"lost-write", "poll-skip"},
     R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        p 31-40 send c ->2
        c 50-60 poll 0 a _ c)"},
    {"an acknowledged record was read and is overwritten",
     {"inconsistent-offsets", "lost-write"},
     R"(
        p 10-20 send a ->0
        c 30-40 poll 0 a
        q 30-40 info send b
        d 50-60 poll 0 b)"},
    {"the log ends before the acknowledged one of two copies", {"lost-write"}, R"(
        p 10-20 send a ->1
        ! 100 final
        c 110-120 poll 0 a hw=1)"},
    {"the log ends before an acknowledged record", {"lost-write"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        ! 100 final
        c 110-120 poll 0 a hw=1)"},
    {"the log is empty in the final read", {"lost-write"}, R"(
        p 10-20 send a ->0
        c 21-30 poll 0 a
        ! 100 final
        d 110-120 poll 0 hw=0)"},
    {"a power loss of all replicas excuses nothing in a disk topic", {"lost-write"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        ! 50 power
        ! 100 final
        c 110-120 poll 0 a hw=1)"},
    {"a memory topic loses a record that was sent after the power loss", {"lost-write"}, R"(
        p 10-20 send a ->0 in=m0
        ! 50 power
        p 60-70 send b ->1 in=m0
        ! 100 final
        c 110-120 poll 0 a hw=1 in=m0)"},
    {"a memory topic loses a record without a power loss", {"lost-write"}, R"(
        p 10-20 send a ->0 in=m0
        p 21-30 send b ->1 in=m0
        ! 100 final
        c 110-120 poll 0 a hw=1 in=m0)"},
    {"a record is lost above the log start", {"lost-write", "poll-skip"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        p 31-40 send c ->2
        ! 50 start ->1
        c 60-70 poll 0 2:c)"},
    {"the final read stops before an acknowledged record", {"unseen"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        ! 100 final
        c 110-120 poll 0 a)"},
    {"the final read does not visit a partition", {"unseen"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->0 in=1
        ! 100 final
        c 110-120 poll 0 a)"},
    {"a record whose acknowledgement had no offset is never read", {"unseen"}, R"(
        p 10-20 send a ->0
        p 21-30 send b
        ! 100 final
        c 110-120 poll 0 a)"},
    {"a topic that was created again does not show the records of the old one", {"unseen"}, R"(
        p 10-20 send a ->0
        p 30-40 send b ->0 in=r0
        ! 100 final
        c 110-120 poll 0 b in=r0)"},
    {"a record of unknown outcome was read and is gone", {"phantom"}, R"(
        p 10-20 send a ->0
        p 21-30 info send b
        c 40-50 poll 0 a b
        ! 100 final
        d 110-120 poll 0 a hw=1)"},
    {"a record that one reader saw is a hole for a later one", {"phantom", "poll-skip"}, R"(
        p 10-20 send a ->0
        q 10-20 info send b
        p 31-40 send c ->2
        c 50-60 poll 0 a b c
        d 70-80 poll 0 a _ c)"},
    {"a record of acks=1 was read and is gone", {"phantom"}, R"(
        p 10-20 send a ->0
        p 21-30 send b acks=1 ->1
        c 40-50 poll 0 a b
        ! 100 final
        d 110-120 poll 0 a hw=1)"},
};

const std::initializer_list<BadHistory> kValues{
    {"a record was read whose send failed", {"dirty-read"}, R"(
        p 10-20 fail send a
        c 30-40 poll 0 a)"},
    {"a record was read whose send and retry failed", {"dirty-read"}, R"(
        p 10-20 fail send a
        p 30-40 fail send a
        c 30-50 poll 0 a)"},
    {"a value comes from nowhere", {"unknown-value"}, R"(
        p 10-20 send a ->0
        c 30-40 poll 0 a x)"},
    {"a value comes from another partition", {"unknown-value"}, R"(
        p 10-20 send a ->0
        p 21-30 info send b in=1
        c 30-40 poll 0 a b)"},
    {"a value comes from the topic that had the same name before", {"unknown-value"}, R"(
        p 10-20 send a ->0
        p 30-40 send b ->1 in=r0
        c 50-60 poll 0 a b in=r0)"},
    {"a record was read before it was sent", {"read-before-send"}, R"(
        c 10-20 poll 0 a
        p 30-40 send a ->0)"},
    {"a leader returns a record above its high watermark", {"above-watermark"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 40-50 poll 0 a b hw=1 by=1 epoch=1)"},
    {"a follower returns a record at its high watermark", {"above-watermark"}, R"(
        p 10-20 send a ->0
        c 40-50 poll 0 a hw=0 by=2)"},
};

const std::initializer_list<BadHistory> kPolls{
    {"a poll leaves out a record that the next reader finds", {"poll-skip"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        p 31-40 send c ->2
        c 50-60 poll 0 a _ c
        d 70-80 poll 0 a b c)"},
    {"a poll begins after the offset it asked for", {"poll-skip"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 50-60 poll 0 1:b
        d 70-80 poll 0 a b)"},
    {"a reader is led past an offset between two polls", {"poll-skip"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        p 31-40 send c ->2
        c 45-45 assign 0
        c 50-60 poll 0 a
        c 70-80 poll 2 c)"},
    {"the first poll does not begin where the reader was assigned", {"poll-skip"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 45-45 assign 0
        c 50-60 poll 1 b)"},
    {"a reader that moves to a follower is led past an offset", {"poll-skip"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        p 31-40 send c ->2
        c 45-45 assign 0
        c 50-60 poll 0 a by=1 epoch=1
        c 70-80 poll 2 c by=2)"},
    {"a poll skips more than the log start explains", {"poll-skip"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        p 31-40 send c ->2
        c 41-42 poll 1 b
        c 45-45 assign 0
        ! 50 start ->1
        c 60-70 poll 2 c)"},
    {"a poll skips records before the log start moves", {"poll-skip"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 45-45 assign 0
        c 50-60 poll 1 b
        ! 70 start ->1)"},
    {"a reader is led back between two polls", {"nonmonotonic-poll"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 45-45 assign 0
        c 50-60 poll 0 a b
        c 70-80 poll 1 b)"},
    {"a reader that moves to a follower is led back", {"nonmonotonic-poll"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 45-45 assign 0
        c 50-60 poll 0 a b by=1 epoch=1
        c 70-80 poll 0 a by=2)"},
    {"an empty poll does not move a reader", {"nonmonotonic-poll"}, R"(
        p 10-20 send a ->0
        c 45-45 assign 0
        c 50-60 poll 0 a
        c 61-65 poll 1
        c 70-80 poll 0 a)"},
    {"one poll returns an offset twice", {"nonmonotonic-poll"}, R"(
        p 10-20 send a ->0
        c 50-60 poll 0 0:a 0:a)"},
    {"one poll returns falling offsets", {"nonmonotonic-poll"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 50-60 poll 0 0:a 1:b 0:a)"},
    {"a poll returns a record below its start", {"nonmonotonic-poll"}, R"(
        p 10-20 send a ->0
        p 21-30 send b ->1
        c 50-60 poll 1 0:a 1:b)"},
};

const std::initializer_list<BadHistory> kOrders{
    {"two pipelined sends of an idempotent producer change places", {"nonmonotonic-send"}, R"(
        p 10-30 send a id=7 ->1
        p 11-31 send b id=7 ->0
        c 40-50 poll 0 b a)"},
    {"two sends of one producer change places one after the other", {"nonmonotonic-send"}, R"(
        p 10-20 send a id=7 ->1
        p 30-40 send b id=7 ->0
        c 50-60 poll 0 b a)"},
    {"a send of unknown outcome comes after its successor", {"nonmonotonic-send"}, R"(
        p 10-20 info send a id=7
        p 11-31 send b id=7 ->0
        c 40-50 poll 0 b a)"},
    {"a retry moves a record behind its successor", {"nonmonotonic-send"}, R"(
        p 10-20 info send a id=7
        p 11-31 send b id=7 ->0
        p 40-50 send a id=7 ->1
        c 60-70 poll 0 b a)"},
    {"a record is before one that was acknowledged before it was sent", {"realtime-order"}, R"(
        p 10-20 send a ->1
        q 30-40 send b ->0
        c 50-60 poll 0 b a)"},
    {"one producer without idempotence waits, and its records change places",
     {"realtime-order"},
     R"(
        p 10-20 send a ->1
        p 30-40 send b ->0
        c 50-60 poll 0 b a)"},
    {"an unknown send that was read is before an older acknowledged one", {"realtime-order"}, R"(
        p 10-20 send a ->1
        q 30-40 info send b
        c 50-60 poll 0 b a)"},
};

const std::initializer_list<BadHistory> kLeaders{
    {"the only leader tells an end below an acknowledged record", {"low-list-offsets"}, R"(
        p 10-20 send a ->0
        c 21-29 poll 0 a
        l 30-40 latest 0 by=1 epoch=1)"},
    {"a new leader tells an end below a record that was read", {"low-list-offsets"}, R"(
        p 10-20 send a ->0
        p 21-22 info send b
        c 23-29 poll 0 a b by=1 epoch=1
        l 30-40 latest 1 by=2 epoch=2)"},
    {"an old leader answers too low, although the next one is elected later",
     {"low-list-offsets"},
     R"(
        p 10-20 send a ->0
        c 21-29 poll 0 a
        l 30-40 latest 0 by=1 epoch=1
        ! 50 leader by=2 epoch=2)"},
    {"the latest offset falls within an epoch", {"watermark-decrease"}, R"(
        p 10-20 send a ->0
        p 21-50 info send b
        c 21-29 poll 0 a
        l 30-40 latest 2 by=1 epoch=1
        l 50-60 latest 1 by=1 epoch=1)"},
    {"the high watermark of polls falls within an epoch", {"watermark-decrease"}, R"(
        p 10-20 send a ->0
        c 30-40 poll 0 a hw=2 by=1 epoch=1
        d 50-60 poll 0 a hw=1 by=1 epoch=1)"},
    {"the last stable offset falls within an epoch", {"watermark-decrease"}, R"(
        p 10-20 send a ->0
        c 30-40 poll 0 a
        l 50-60 latest 2 by=1 epoch=1 committed
        l 70-80 latest 1 by=1 epoch=1 committed)"},
    {"the log start falls within an epoch", {"log-start-decrease"}, R"(
        p 10-20 send a ->0
        c 21-29 poll 0 a
        ! 25 start ->1
        l 30-40 earliest 1 by=1 epoch=1
        l 50-60 earliest 0 by=1 epoch=1)"},
    {"two brokers lead in one epoch", {"two-leaders"}, R"(
        p 10-20 send a ->0
        c 30-40 poll 0 a by=1 epoch=4
        d 30-40 poll 0 a by=2 epoch=4)"},
    {"two brokers are elected for one epoch", {"two-leaders"}, R"(
        p 10-20 send a ->0
        ! 5 leader by=1 epoch=4
        ! 6 leader by=2 epoch=4
        c 21-29 poll 0 a)"},
    {"another broker than the elected one leads", {"two-leaders"}, R"(
        p 10-20 send a ->0
        ! 5 leader by=1 epoch=4
        c 21-29 poll 0 a
        l 30-40 latest 1 by=3 epoch=4)"},
};

TEST_CASE("judge: reports offsets that change their value, and nothing else", "[history]") {
    for (const BadHistory& bad : kOffsets) {
        check(bad);
    }
}

TEST_CASE("judge: reports duplicates of idempotent producers, and nothing else", "[history]") {
    for (const BadHistory& bad : kDuplicates) {
        check(bad);
    }
}

TEST_CASE("judge: reports records that are gone, and nothing else", "[history]") {
    for (const BadHistory& bad : kLosses) {
        check(bad);
    }
}

TEST_CASE("judge: reports values that must not be there, and nothing else", "[history]") {
    for (const BadHistory& bad : kValues) {
        check(bad);
    }
}

TEST_CASE("judge: reports readers that are led past or back, and nothing else", "[history]") {
    for (const BadHistory& bad : kPolls) {
        check(bad);
    }
}

TEST_CASE("judge: reports records in the wrong order, and nothing else", "[history]") {
    for (const BadHistory& bad : kOrders) {
        check(bad);
    }
}

TEST_CASE("judge: reports leaders that contradict themselves or each other, and nothing else",
          "[history]") {
    for (const BadHistory& bad : kLeaders) {
        check(bad);
    }
}

}  // namespace
}  // namespace hw::history
