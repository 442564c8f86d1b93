#include "test/history/report.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "test/unit/history/written_history.h"

namespace hw::history {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("report: shows the operations around the first anomaly of a kind", "[history]") {
    const History history = written_history(R"(
        p 10-20 send far ->0
        p 21-30 send a ->10
        q 31-? info send b
        p 41-50 send c ->12
        c 60-70 poll 10 a b c hw=13 by=1 epoch=2
        d 80-90 poll 11 x by=1 epoch=2)");
    const std::string text = text_report(history, judge(history));
    CHECK_THAT(text, Contains("ANOMALY   unknown-value                 1"));
    // The unknown send has no offset, but its value is in the window.
    const std::string expected =
        "First inconsistent-offsets: orders-0 offset 11: 'b' was read here (line 5), and 'x' was "
        "read here (line 6)\n"
        "       line       invoke         done  process  kind  operation\n"
        "          2           21           30  p        ok    send orders-0 'a' acks=all -> "
        "offset 10\n"
        "          3           31        never  q        info  send orders-0 'b' acks=all\n"
        "          4           41           50  p        ok    send orders-0 'c' acks=all -> "
        "offset 12\n"
        "  >       5           60           70  c        ok    poll orders-0 from 10 -> 10:'a' "
        "11:'b' 12:'c', high watermark 13, broker 1, leader epoch 2\n"
        "  >       6           80           90  d        ok    poll orders-0 from 11 -> 11:'x', "
        "broker 1, leader epoch 2\n";
    CHECK_THAT(text, Contains(expected));
    CHECK_THAT(text, Contains("kinds of anomalies were found.\n"));
}

TEST_CASE("report: shows at most so many operations, and always those of the anomaly",
          "[history]") {
    std::string lines = "p 1-2 info send a\n q 1-2 info send b\n";
    for (int i = 10; i < 100; i += 2) {
        lines += "c " + std::to_string(i) + "-" + std::to_string(i + 1) + " poll 0 a\n";
    }
    lines += "d 200-201 poll 0 b";
    const History history = written_history(lines);
    const Verdict verdict = judge(history);
    const Anomaly* const first = verdict.findings.first(AnomalyKind::inconsistent_offsets);
    REQUIRE(first != nullptr);
    const Shown shown = operations_around(history, *first);
    CHECK(shown.operations.size() == kShownMax);
    CHECK(shown.left_out == history.operations().size() - kShownMax);
    for (const OperationNumber number : first->operations) {
        CHECK(std::ranges::count(shown.operations, number) == 1);
    }
    CHECK_THAT(text_report(history, verdict), Contains("more operations near this offset"));
}

TEST_CASE("report: topics with one name are told apart by their ids", "[history]") {
    const History one = written_history("p 1-2 send a ->0");
    CHECK(one.name(PartitionNumber(0)) == "orders-0");
    const History two = written_history("p 1-2 send a ->0 in=r4");
    CHECK(two.name(std::get<Send>(two.at(OperationNumber(0)).action).partition) == "orders[r]-4");
}

TEST_CASE("report: the first anomaly is the one that began first", "[history]") {
    const History history = written_history(R"(
        p 50-60 fail send a
        p 10-20 fail send b
        c 70-80 poll 0 a b)");
    const Verdict verdict = judge(history);
    CHECK(verdict.findings.times(AnomalyKind::dirty_read) == 2);
    CHECK(verdict.findings.first(AnomalyKind::dirty_read)->offset == Offset(1));
}

TEST_CASE("report: JSON has the judgement, the totals, and each kind with its lines", "[history]") {
    const History bad = written_history("p 1-2 fail send a\n c 3-4 poll 0 a");
    const std::string expected =
        R"J({"judgement":"anomalies","totals":{"sendsOk":0,"sendsFailed":1,"sendsUnknown":0,)J"
        R"J("polls":1,"recordsRead":1,"listOffsets":0,"acknowledgedAndRead":0},"accepted":{},)J"
        R"J("anomalies":{"dirty-read":{"count":1,"partition":"orders-0","message":)J"
        R"J("line 2 read 'a', whose send definitely failed (line 1)",)J"
        R"J("lines":[1,2],"offset":0}}})J"
        "\n";
    CHECK(json_report(bad, judge(bad)) == expected);
    const History good = written_history("p 1-2 send a ->0\n c 3-4 poll 0 a");
    CHECK_THAT(json_report(good, judge(good)), Contains(R"("judgement":"clean")"));
    const History empty = written_history("");
    CHECK_THAT(json_report(empty, judge(empty)), Contains(R"("judgement":"nothing-checked")"));
}

}  // namespace
}  // namespace hw::history
