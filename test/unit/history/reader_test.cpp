#include "test/history/reader.h"

#include <sstream>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "test/history/judge.h"
#include "test/history/report.h"

namespace hw::history {
namespace {

using Catch::Matchers::Contains;

const std::string kTopic = R"({"event":"topic","id":"T1","name":"orders","durability":"disk"})"
                           "\n";

Result<History> read(const std::string& text) {
    std::istringstream input(text);
    return read_history(input, "run.jsonl");
}

/// One line of each kind, with all of its members in one place or another.
const std::string kEverything =
    R"({"event":"topic","id":"T2","name":"c","durability":"memory"})"
    "\n"
    R"({"op":"send","process":"p","invoke":1,"done":2,"kind":"ok","topic":"T1",)"
    R"("partition":3,"value":"a","acks":"all","producer":7,"offset":5})"
    "\n"
    R"({"op":"send","process":"p","invoke":3,"kind":"info","topic":"T1","partition":3,)"
    R"("value":"b","acks":"1"})"
    "\n"
    R"({"op":"send","process":"p","invoke":3,"done":9,"kind":"fail","topic":"T1",)"
    R"("partition":3,"value":"c","acks":"0"})"
    "\n"
    R"({"op":"assign","process":"r","invoke":4,"done":4,"kind":"ok",)"
    R"("positions":[{"topic":"T1","partition":3,"offset":5},{"topic":"T2",)"
    R"("partition":0}]})"
    "\n"
    R"({"op":"poll","process":"r","invoke":5,"done":6,"kind":"ok","topic":"T1",)"
    R"("partition":3,"from":5,"records":[[5,"a"],[6,"b"]],"broker":2,"leader_epoch":4,)"
    R"("high_watermark":7,"isolation":"read_committed"})"
    "\n"
    R"({"op":"poll","process":"r","invoke":7,"done":8,"kind":"fail","topic":"T1",)"
    R"("partition":3,"from":7})"
    "\n"
    R"({"op":"list_offsets","process":"l","invoke":5,"done":6,"kind":"ok","topic":"T1",)"
    R"("partition":3,"of":"latest","offset":7,"broker":2,"leader_epoch":4})"
    "\n"
    R"({"op":"list_offsets","process":"l","invoke":7,"done":8,"kind":"fail",)"
    R"("topic":"T1","partition":3,"of":"earliest"})"
    "\n"
    R"({"event":"unclean_election","at":10,"until":20,"topic":"T1","partition":3})"
    "\n"
    R"({"event":"power_loss","at":30})"
    "\n"
    R"({"event":"power_loss","at":31,"until":32,"topic":"T2","partition":0})"
    "\n"
    R"({"event":"log_start","at":40,"topic":"T1","partition":3,"offset":6})"
    "\n"
    R"({"event":"leader","at":41,"topic":"T1","partition":3,"broker":2,)"
    R"("leader_epoch":5})"
    "\n"
    R"({"event":"delete_topic","at":42,"topic":"T2"})"
    "\n"
    R"({"event":"final_read","at":50})"
    "\n";

/// The message for a line that follows the declaration of a topic.
std::string refusal(const std::string& line) {
    const auto history = read(kTopic + line + "\n");
    INFO(line);
    REQUIRE_FALSE(history.has_value());
    CHECK(history.error().kind == ErrorKind::invalid);
    return history.error().message;
}

TEST_CASE("history reader: every operation and event has a line", "[history]") {
    const auto history = read(kTopic + kEverything);
    INFO((history ? "" : history.error().message));
    REQUIRE(history.has_value());
    const auto& operations = history->operations();
    REQUIRE(operations.size() == 8);
    CHECK(describe(*history, OperationNumber(0), kNoOffset) ==
          "send orders-3 'a' acks=all producer 7 -> offset 5");
    CHECK(describe(*history, OperationNumber(1), kNoOffset) == "send orders-3 'b' acks=1");
    CHECK(describe(*history, OperationNumber(2), kNoOffset) == "send orders-3 'c' acks=0");
    CHECK(describe(*history, OperationNumber(3), kNoOffset) == "assign orders-3@5 c-0");
    CHECK(describe(*history, OperationNumber(4), Offset(6)) ==
          "poll orders-3 from 5 -> 5:'a' 6:'b', high watermark 7, broker 2, leader epoch 4");
    CHECK(describe(*history, OperationNumber(5), kNoOffset) == "poll orders-3 from 7 -> nothing");
    CHECK(describe(*history, OperationNumber(6), kNoOffset) ==
          "list_offsets orders-3 latest -> 7, broker 2, leader epoch 4");
    CHECK(describe(*history, OperationNumber(7), kNoOffset) == "list_offsets orders-3 earliest");
    CHECK(operations[0].line == 3);
    CHECK(operations[1].done == kNeverDone);
    CHECK(std::get<Poll>(operations[4].action).isolation == IsolationLevel::read_committed);
    CHECK(history->losses().size() == 3);
    CHECK(history->log_starts().size() == 1);
    CHECK(history->elections().size() == 1);
    CHECK(history->final_read() == Time(50));
    CHECK(history->is_deleted(std::get<Assign>(operations[3].action).positions[1].partition));
}

TEST_CASE("history reader: the number of lines has no influence on the memory for a line",
          "[history]") {
    std::string lines = kTopic;
    for (int i = 0; i < 1000; ++i) {
        lines +=
            fmt::format(R"({{"op":"send","process":"p","invoke":{0},"kind":"info","topic":"T1",)"
                        R"("partition":0,"value":"v{0}","acks":"all"}})"
                        "\n",
                        i);
    }
    const auto history = read(lines);
    REQUIRE(history.has_value());
    CHECK(history->operations().size() == 1000);
}

TEST_CASE("history reader: an error names the line, what is wrong and what is allowed",
          "[history]") {
    const std::string op = R"("process":"p","invoke":1,"done":2,"topic":"T1","partition":0)";
    CHECK(refusal("hello") == "run.jsonl:2: byte 1 breaks the rules of JSON: syntax error");
    CHECK_THAT(refusal("[1]"), Contains("run.jsonl:2: a line must be one JSON object"));
    CHECK_THAT(refusal("{}"), Contains("run.jsonl:2: 'op' is missing"));
    CHECK_THAT(refusal(R"({"op":"sent"})"),
               Contains("'op' is 'sent'; allowed are send, poll, list_offsets, assign"));
    CHECK_THAT(refusal(R"({"event":"reboot"})"),
               Contains("'event' is 'reboot'; allowed are topic, unclean_election, power_loss, "
                        "log_start, leader, delete_topic, final_read"));
    CHECK_THAT(refusal(R"({"op":"send","kind":"good",)" + op + "}"),
               Contains("'kind' is 'good'; allowed are ok, fail, info"));
    CHECK_THAT(refusal(R"({"op":"send","kind":"ok",)" + op + R"(,"value":"a","acks":"-1"})"),
               Contains("'acks' is '-1'; allowed are all, 1, 0"));
    CHECK_THAT(refusal(R"({"op":"send","kind":"ok",)" + op + R"(,"acks":"all"})"),
               Contains("'value' is missing"));
    CHECK_THAT(refusal(R"({"op":"send","kind":"ok",)" + op + R"(,"value":7,"acks":"all"})"),
               Contains("'value' must be a string that is not empty"));
    CHECK_THAT(
        refusal(R"({"op":"send","kind":"ok",)" + op + R"(,"value":"a","acks":"all","offset":-1})"),
        Contains("'offset' must be a whole number from 0 to 9223372036854775807"));
    CHECK_THAT(
        refusal(R"({"op":"send","kind":"ok",)" + op + R"(,"value":"a","acks":"all","ofset":1})"),
        Contains("unknown key 'ofset'; allowed here are"));
    CHECK_THAT(refusal(R"({"op":"poll","kind":"ok",)" + op + R"(,"from":0,"records":{}})"),
               Contains("'records' must be an array"));
    CHECK_THAT(refusal(R"({"op":"poll","kind":"ok",)" + op + R"(,"from":0,"records":[5]})"),
               Contains("a record is an array of its offset and its value"));
    CHECK_THAT(refusal(R"({"event":"log_start","at":1,"topic":"T9","partition":0,"offset":1})"),
               Contains("topic id 'T9' is not declared"));
    CHECK_THAT(refusal(kTopic), Contains("topic id 'T1' is declared twice"));
}

TEST_CASE("history: contradictions inside an operation are refused", "[history]") {
    const std::string times = R"("process":"p","invoke":5,"done":4,"kind":"ok")";
    const std::string op =
        R"("process":"p","invoke":1,"done":2,"topic":"T1","partition":0,"kind":)";
    CHECK_THAT(refusal(R"({"op":"assign",)" + times + R"(,"positions":[]})"),
               Contains("'done' is 4, which is before 'invoke' (5)"));
    CHECK_THAT(
        refusal(R"({"op":"assign","process":"p","invoke":1,"kind":"ok","positions":[]})"),
        Contains("an operation without 'done' has an unknown outcome: its kind must be info"));
    CHECK_THAT(refusal(R"({"op":"send",)" + op + R"("fail","value":"a","acks":"all","offset":1})"),
               Contains("only a send whose kind is ok can have an offset"));
    CHECK_THAT(refusal(R"({"op":"poll",)" + op + R"("info","from":0,"records":[[0,"a"]]})"),
               Contains("only a poll whose kind is ok can have records"));
    CHECK_THAT(refusal(R"({"op":"list_offsets",)" + op + R"("ok","of":"latest"})"),
               Contains("a list_offsets has an offset if its kind is ok, and only then"));
    CHECK_THAT(refusal(R"({"event":"power_loss","at":5,"until":4})"),
               Contains("'until' is 4, which is before 'at' (5)"));
    const std::string send = R"({"op":"send",)" + op + R"("info","value":"a","acks":"all"})";
    std::string other = send;
    other.replace(other.find("\"p\""), 3, "\"q\"");
    const auto history = read(kTopic + send + "\n" + other);
    REQUIRE_FALSE(history.has_value());
    CHECK_THAT(history.error().message,
               Contains("run.jsonl:3: value 'a' was sent before, by 'p' to orders-0 (line 2)"));
}

TEST_CASE("history reader: a line that is too long ends the reading with its limit", "[history]") {
    const auto history = read(kTopic + std::string(kLineBytesMax + 1, ' '));
    REQUIRE_FALSE(history.has_value());
    CHECK(history.error().kind == ErrorKind::limit);
    CHECK_THAT(history.error().message, Contains("run.jsonl:2: the line is longer than 16777216"));
}

TEST_CASE("history reader: a file that is not there is an error with its path", "[history]") {
    const auto history = read_history_file("/nowhere/run.jsonl");
    REQUIRE_FALSE(history.has_value());
    CHECK(history.error().kind == ErrorKind::not_found);
    CHECK_THAT(history.error().message, Contains("/nowhere/run.jsonl: cannot be opened"));
}

}  // namespace
}  // namespace hw::history
