#include "test/history/report.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <set>
#include <span>
#include <tuple>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace hw::history {
namespace {

namespace json = boost::json;

/// Offsets that are shown before and after the place of an anomaly.
constexpr std::int64_t kAround = 3;

[[nodiscard]] std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::ok:
            return "ok";
        case Outcome::fail:
            return "fail";
        case Outcome::info:
            return "info";
    }
    return "";
}

[[nodiscard]] std::string_view to_string(Judgement judgement) {
    switch (judgement) {
        case Judgement::clean:
            return "clean";
        case Judgement::anomalies:
            return "anomalies";
        case Judgement::nothing_checked:
            return "nothing-checked";
    }
    return "";
}

[[nodiscard]] std::string_view to_string(Acks acks) {
    return acks == Acks::all ? "all" : acks == Acks::leader ? "1" : "0";
}

/// The place of an anomaly in its partition.
class Window {
public:
    Window(PartitionNumber partition, Offset offset) : partition_(partition), offset_(offset) {}

    [[nodiscard]] bool holds(Offset offset) const {
        return offset_ != kNoOffset && offset >= offset_ - kAround && offset <= offset_ + kAround;
    }
    [[nodiscard]] bool touches(const Send& send) const {
        return send.partition == partition_ && holds(send.offset);
    }
    [[nodiscard]] bool touches(const Poll& poll) const {
        return poll.partition == partition_ &&
               (holds(poll.from) || std::ranges::any_of(poll.records, [&](const Record& record) {
                    return holds(record.offset);
                }));
    }
    [[nodiscard]] bool touches(const ListOffsets& list) const {
        return list.partition == partition_ && holds(list.offset);
    }
    [[nodiscard]] bool touches(const Assign& assign) const {
        return std::ranges::any_of(assign.positions, [&](const Assign::Position& position) {
            return position.partition == partition_ && holds(position.offset);
        });
    }
    /// Adds the values that the operation shows here.
    void collect(const Operation& operation, std::set<ValueNumber>& values) const {
        if (const auto* const poll = std::get_if<Poll>(&operation.action)) {
            for (const Record& record : poll->records) {
                if (poll->partition == partition_ && holds(record.offset)) {
                    values.insert(record.value);
                }
            }
        }
    }

private:
    PartitionNumber partition_;
    Offset offset_;
};

[[nodiscard]] std::string describe_answerer(const Answerer& answerer) {
    std::string text;
    if (answerer.broker != kNoBroker) {
        text += fmt::format(", broker {}", answerer.broker);
    }
    if (answerer.leader_epoch != kNoLeaderEpoch) {
        text += fmt::format(", leader epoch {}", answerer.leader_epoch);
    }
    return text;
}

[[nodiscard]] std::string describe_action(const History& history, const Send& send,
                                          Offset /*around*/) {
    std::string text = fmt::format("send {} '{}' acks={}", history.name(send.partition),
                                   history.text(send.value), to_string(send.acks));
    if (send.producer != kNoProducerId) {
        text += fmt::format(" producer {}", send.producer);
    }
    if (send.offset != kNoOffset) {
        text += fmt::format(" -> offset {}", send.offset);
    }
    return text;
}

[[nodiscard]] std::string describe_action(const History& history, const Poll& poll, Offset around) {
    std::string text = fmt::format("poll {} from {} ->", history.name(poll.partition), poll.from);
    const Window window(poll.partition, around);
    std::size_t left_out = 0;
    for (const Record& record : poll.records) {
        const bool is_shown = around == kNoOffset ? &record - poll.records.data() < 2 * kAround
                                                  : window.holds(record.offset);
        if (is_shown) {
            text += fmt::format(" {}:'{}'", record.offset, history.text(record.value));
        }
        left_out += is_shown ? 0 : 1;
    }
    if (poll.records.empty()) {
        text += " nothing";
    } else if (left_out > 0) {
        text += fmt::format(" and {} more, {} to {}", left_out, poll.records.front().offset,
                            poll.records.back().offset);
    }
    if (poll.high_watermark != kNoOffset) {
        text += fmt::format(", high watermark {}", poll.high_watermark);
    }
    return text + describe_answerer(poll.answerer);
}

[[nodiscard]] std::string describe_action(const History& history, const ListOffsets& list,
                                          Offset /*around*/) {
    std::string text = fmt::format("list_offsets {} {}", history.name(list.partition),
                                   list.kind == ListOffsetsKind::latest ? "latest" : "earliest");
    if (list.offset != kNoOffset) {
        text += fmt::format(" -> {}", list.offset);
    }
    return text + describe_answerer(list.answerer);
}

[[nodiscard]] std::string describe_action(const History& history, const Assign& assign,
                                          Offset /*around*/) {
    std::string text = "assign";
    for (const Assign::Position& position : assign.positions) {
        text += fmt::format(" {}", history.name(position.partition));
        if (position.offset != kNoOffset) {
            text += fmt::format("@{}", position.offset);
        }
    }
    return text;
}

[[nodiscard]] std::string done_text(Time done) {
    return done == kNeverDone ? "never" : fmt::format("{}", done);
}

[[nodiscard]] std::string table(const History& history, const Anomaly& anomaly) {
    const Shown shown = operations_around(history, anomaly);
    std::size_t process_width = 7;
    for (const OperationNumber number : shown.operations) {
        process_width = std::max(process_width, history.name(history.at(number).process).size());
    }
    std::string text = fmt::format("    {:>7}  {:>11}  {:>11}  {:<{}}  {:<4}  {}\n", "line",
                                   "invoke", "done", "process", process_width, "kind", "operation");
    for (const OperationNumber number : shown.operations) {
        const Operation& operation = history.at(number);
        const bool is_named = std::ranges::count(anomaly.operations, number) > 0;
        text += fmt::format(
            "  {} {:>7}  {:>11}  {:>11}  {:<{}}  {:<4}  {}\n", is_named ? '>' : ' ', operation.line,
            operation.invoked, done_text(operation.done), history.name(operation.process),
            process_width, to_string(operation.outcome), describe(history, number, anomaly.offset));
    }
    if (shown.left_out > 0) {
        text += fmt::format("    and {} more operations near this offset\n", shown.left_out);
    }
    return text;
}

[[nodiscard]] std::string place(const History& history, const Anomaly& anomaly) {
    if (anomaly.offset == kNoOffset) {
        return history.name(anomaly.partition);
    }
    return fmt::format("{} offset {}", history.name(anomaly.partition), anomaly.offset);
}

template <class Each>
void for_each_anomaly(const Findings& findings, Each each) {
    for (std::size_t i = 0; i < kAnomalyKinds; ++i) {
        const auto kind = static_cast<AnomalyKind>(i);
        if (const Anomaly* const first = findings.first(kind)) {
            each(kind, *first);
        }
    }
}

template <class Each>
void for_each_curiosity(const Findings& findings, Each each) {
    for (std::size_t i = 0; i < kCuriosities; ++i) {
        const auto curiosity = static_cast<Curiosity>(i);
        if (findings.times(curiosity) > 0) {
            each(curiosity, findings.times(curiosity));
        }
    }
}

}  // namespace

std::string describe(const History& history, OperationNumber number, Offset offset) {
    return std::visit([&](const auto& action) { return describe_action(history, action, offset); },
                      history.at(number).action);
}

Shown operations_around(const History& history, const Anomaly& anomaly) {
    const Window window(anomaly.partition, anomaly.offset);
    const auto& operations = history.operations();
    std::set<ValueNumber> values;
    for (const Operation& operation : operations) {
        window.collect(operation, values);
    }
    std::vector<OperationNumber> named;
    std::vector<OperationNumber> others;
    for (std::uint32_t i = 0; i < operations.size(); ++i) {
        const OperationNumber number(i);
        const auto* const send = std::get_if<Send>(&operations[i].action);
        const bool is_touching =
            (send != nullptr && values.contains(send->value)) ||
            std::visit([&](const auto& action) { return window.touches(action); },
                       operations[i].action);
        if (std::ranges::count(anomaly.operations, number) > 0) {
            named.push_back(number);
        } else if (is_touching) {
            others.push_back(number);
        }
    }
    // Those nearest in time to the named ones are shown.
    std::ranges::sort(others, {}, [&](OperationNumber number) {
        std::int64_t distance = std::numeric_limits<std::int64_t>::max();
        for (const OperationNumber of : named) {
            distance =
                std::min(distance, std::abs(history.at(of).invoked - history.at(number).invoked));
        }
        return std::tuple(distance, number);
    });
    Shown shown{.operations = std::move(named)};
    const std::size_t count = std::min(others.size(), kShownMax - shown.operations.size());
    shown.left_out = others.size() - count;
    std::ranges::copy(std::span(others).first(count), std::back_inserter(shown.operations));
    std::ranges::sort(shown.operations, {}, [&](OperationNumber number) {
        return std::tuple(history.at(number).invoked, number);
    });
    return shown;
}

std::string text_report(const History& history, const Verdict& verdict) {
    const Totals& totals = verdict.totals;
    std::string text = fmt::format(
        "{} sends acknowledged, {} failed, {} of unknown outcome; {} polls, {} records read; "
        "{} list_offsets; {} records acknowledged and read.\n",
        totals.sends_ok, totals.sends_failed, totals.sends_unknown, totals.polls,
        totals.records_read, totals.list_offsets, totals.acknowledged_and_read);
    for_each_curiosity(verdict.findings, [&](Curiosity curiosity, std::uint64_t times) {
        const auto& [name, meaning] = describe(curiosity);
        text += fmt::format("accepted  {:<22} {:>8}  {}\n", name, times, meaning);
    });
    for_each_anomaly(verdict.findings, [&](AnomalyKind kind, const Anomaly&) {
        const auto& [name, meaning] = describe(kind);
        text += fmt::format("ANOMALY   {:<22} {:>8}  {}\n", name, verdict.findings.times(kind),
                            meaning);
    });
    for_each_anomaly(verdict.findings, [&](AnomalyKind kind, const Anomaly& first) {
        text += fmt::format("\nFirst {}: {}: {}\n{}", describe(kind).name, place(history, first),
                            first.message, table(history, first));
    });
    switch (verdict.judgement) {
        case Judgement::clean:
            return text + "Clean: no anomalies.\n";
        case Judgement::anomalies:
            return text + fmt::format("\n{} {} found.\n", verdict.findings.kinds(),
                                      verdict.findings.kinds() == 1 ? "kind of anomaly was"
                                                                    : "kinds of anomalies were");
        case Judgement::nothing_checked:
            return text +
                   "Nothing was checked: no record was both acknowledged and read. Does the run "
                   "send and read the same partitions?\n";
    }
    return text;
}

std::string json_report(const History& history, const Verdict& verdict) {
    const Totals& totals = verdict.totals;
    json::object anomalies;
    for_each_anomaly(verdict.findings, [&](AnomalyKind kind, const Anomaly& first) {
        json::array lines;
        for (const OperationNumber number : operations_around(history, first).operations) {
            lines.emplace_back(history.at(number).line);
        }
        json::object entry{{"count", verdict.findings.times(kind)},
                           {"partition", history.name(first.partition)},
                           {"message", first.message},
                           {"lines", std::move(lines)}};
        if (first.offset != kNoOffset) {
            entry["offset"] = first.offset.value();
        }
        anomalies[describe(kind).name] = std::move(entry);
    });
    json::object accepted;
    for_each_curiosity(verdict.findings, [&](Curiosity curiosity, std::uint64_t times) {
        accepted[describe(curiosity).name] = times;
    });
    const json::object counts{{"sendsOk", totals.sends_ok},
                              {"sendsFailed", totals.sends_failed},
                              {"sendsUnknown", totals.sends_unknown},
                              {"polls", totals.polls},
                              {"recordsRead", totals.records_read},
                              {"listOffsets", totals.list_offsets},
                              {"acknowledgedAndRead", totals.acknowledged_and_read}};
    const json::object report{{"judgement", to_string(verdict.judgement)},
                              {"totals", counts},
                              {"accepted", std::move(accepted)},
                              {"anomalies", std::move(anomalies)}};
    return json::serialize(report) + "\n";
}

}  // namespace hw::history
