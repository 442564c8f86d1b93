#include <string>
#include <vector>

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include "test/history/reader.h"
#include "test/history/report.h"

namespace hw::history {
namespace {

namespace po = boost::program_options;

constexpr int kExitClean = 0;
constexpr int kExitAnomalies = 1;
constexpr int kExitUsage = 2;
constexpr int kExitNothingChecked = 3;

constexpr const char* kHelp =
    R"(hw-check: judges what the clients of a run did and saw

Usage:
  hw-check [--json] HISTORY      HISTORY is a file, or - for standard input

A history has one JSON object a line: operations of clients, and events that change what
clients may expect. Times are microseconds on one clock. A small one:

  {"event":"topic","id":"T1","name":"orders","durability":"disk"}
)"
    R"(  {"op":"send","process":"p1","invoke":10,"done":20,"kind":"ok","topic":"T1",)"
    R"("partition":0,"value":"a","acks":"all","offset":0})"
    "\n"
    R"(  {"op":"poll","process":"c1","invoke":30,"done":40,"kind":"ok","topic":"T1",)"
    R"("partition":0,"from":0,"records":[[0,"a"]]})"
    "\n"
    R"(
The kind is ok, fail (it definitely had no effect) or info (nobody knows). Timeouts and
lost connections are info. Each value is sent only once, except by retries.
Other operations: list_offsets, assign. Other events: unclean_election, power_loss,
log_start, leader, delete_topic, final_read. test/history/README.md lists all members.

The output counts each kind of anomaly and shows the operations around the first one of
each kind. It also counts what looks wrong but is permitted ("accepted").
With --json it is one JSON object.

Exit status: 0 clean, 1 anomalies, 2 wrong usage or an unreadable history,
3 nothing was checked, because no record was both acknowledged and read.
)";

int run(int count, char** values) {
    po::options_description known;
    known.add_options()("help,h", "")("json", "")("history", po::value<std::vector<std::string>>());
    po::positional_options_description positional;
    positional.add("history", -1);
    po::variables_map given;
    po::store(po::command_line_parser(count, values).options(known).positional(positional).run(),
              given);
    if (given.contains("help")) {
        fmt::print("{}", kHelp);
        return kExitClean;
    }
    if (!given.contains("history") || given["history"].as<std::vector<std::string>>().size() != 1) {
        fmt::print(stderr, "hw-check: name one history; see 'hw-check --help'\n");
        return kExitUsage;
    }
    const auto history = read_history_file(given["history"].as<std::vector<std::string>>()[0]);
    if (!history) {
        fmt::print(stderr, "hw-check: {}\n", history.error().message);
        return kExitUsage;
    }
    const Verdict verdict = judge(*history);
    fmt::print("{}", given.contains("json") ? json_report(*history, verdict)
                                            : text_report(*history, verdict));
    switch (verdict.judgement) {
        case Judgement::clean:
            return kExitClean;
        case Judgement::anomalies:
            return kExitAnomalies;
        case Judgement::nothing_checked:
            return kExitNothingChecked;
    }
    return kExitUsage;
}

}  // namespace
}  // namespace hw::history

int main(int count, char** values) {
    try {
        return hw::history::run(count, values);
    } catch (const boost::program_options::error& wrong) {
        fmt::print(stderr, "hw-check: {}; see 'hw-check --help'\n", wrong.what());
        return hw::history::kExitUsage;
    }
}
