#include "test/unit/history/written_history.h"

#include <charconv>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>

namespace hw::history {
namespace {

std::int64_t number(std::string_view text) {
    std::int64_t value = 0;
    const auto end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    INFO("number '" << text << "'");
    REQUIRE((error == std::errc() && stop == end));
    return value;
}

/// One line, split into words.
class WrittenLine {
public:
    WrittenLine(const std::string& text, History& history) : history_(history) {
        std::istringstream words(text);
        words >> name_ >> times_;
        for (std::string word; words >> word;) {
            take(word);
        }
    }

    void add() {
        REQUIRE(!rest_.empty());
        const auto dash = times_.find('-');
        const Time begin(number(times_.substr(0, dash)));
        const std::string end = dash == std::string::npos ? times_ : times_.substr(dash + 1);
        const Time until = end == "?" ? kNeverDone : Time(number(end));
        if (name_ == "!") {
            add_event(begin, until);
            return;
        }
        Operation operation{.invoked = begin,
                            .done = until,
                            .process = history_.process(name_),
                            .outcome = outcome_,
                            .action = action()};
        const auto added = history_.add(std::move(operation));
        INFO((added ? "" : added.error().message));
        REQUIRE(added.has_value());
    }

private:
    void take(const std::string& word) {
        const auto equals = word.find('=');
        if (word == "fail" || word == "info") {
            outcome_ = word == "fail" ? Outcome::fail : Outcome::info;
        } else if (word == "committed") {
            isolation_ = IsolationLevel::read_committed;
        } else if (word.starts_with("->")) {
            offset_ = Offset(number(word.substr(2)));
        } else if (equals != std::string::npos) {
            take_option(word.substr(0, equals), word.substr(equals + 1));
        } else {
            rest_.push_back(word);
        }
    }

    void take_option(const std::string& key, const std::string& value) {
        if (key == "in") {
            const std::size_t digits = value.find_first_of("0123456789");
            const std::string topic = digits == 0 ? "d" : value.substr(0, digits);
            partition_ = history_.partition(
                *history_.find_topic(topic),
                PartitionIndex(static_cast<std::int32_t>(number(value.substr(digits)))));
        } else if (key == "acks") {
            acks_ = value == "1" ? Acks::leader : Acks::none;
        } else if (key == "id") {
            producer_ = ProducerId(number(value));
        } else if (key == "by") {
            answerer_.broker = BrokerId(static_cast<std::int32_t>(number(value)));
        } else if (key == "epoch") {
            answerer_.leader_epoch = LeaderEpoch(static_cast<std::int32_t>(number(value)));
        } else {
            REQUIRE(key == "hw");
            high_watermark_ = Offset(number(value));
        }
    }

    [[nodiscard]] std::variant<Send, Poll, ListOffsets, Assign> action() const {
        if (rest_[0] == "send") {
            return Send{partition_, history_.value(rest_.at(1)), acks_, producer_, offset_};
        }
        if (rest_[0] == "poll") {
            return poll();
        }
        if (rest_[0] == "assign") {
            const Offset from = rest_.at(1) == "?" ? kNoOffset : Offset(number(rest_.at(1)));
            return Assign{{{partition_, from}}};
        }
        REQUIRE((rest_[0] == "latest" || rest_[0] == "earliest"));
        const auto kind =
            rest_[0] == "latest" ? ListOffsetsKind::latest : ListOffsetsKind::earliest;
        const Offset offset = rest_.size() > 1 ? Offset(number(rest_[1])) : kNoOffset;
        return ListOffsets{partition_, kind, offset, answerer_, isolation_};
    }

    [[nodiscard]] Poll poll() const {
        Poll poll{.partition = partition_,
                  .from = Offset(number(rest_.at(1))),
                  .answerer = answerer_,
                  .high_watermark = high_watermark_,
                  .isolation = isolation_};
        Offset next = poll.from;
        for (std::size_t i = 2; i < rest_.size(); ++i) {
            const auto colon = rest_[i].find(':');
            if (colon != std::string::npos) {
                next = Offset(number(rest_[i].substr(0, colon)));
            }
            const std::string value =
                colon == std::string::npos ? rest_[i] : rest_[i].substr(colon + 1);
            if (value != "_") {
                poll.records.push_back({next, history_.value(value)});
            }
            ++next;
        }
        return poll;
    }

    void add_event(Time at, Time until) {
        const std::string& event = rest_[0];
        if (event == "unclean") {
            REQUIRE(history_.add(Loss{Loss::Cause::unclean_election, at, until, partition_}));
        } else if (event == "power") {
            REQUIRE(history_.add(Loss{Loss::Cause::power_loss, at, until}));
        } else if (event == "start") {
            history_.add(LogStartMove{at, partition_, offset_});
        } else if (event == "leader") {
            history_.add(LeaderElection{at, partition_, answerer_.broker, answerer_.leader_epoch});
        } else if (event == "delete") {
            history_.add_deletion(*history_.find_topic("d"), at);
        } else {
            REQUIRE(event == "final");
            history_.begin_final_read(at);
        }
    }

    History& history_;
    std::string name_;
    std::string times_;
    std::vector<std::string> rest_;
    Outcome outcome_ = Outcome::ok;
    PartitionNumber partition_ = history_.partition(*history_.find_topic("d"), PartitionIndex(0));
    Acks acks_ = Acks::all;
    ProducerId producer_ = kNoProducerId;
    Offset offset_ = kNoOffset;
    Answerer answerer_;
    Offset high_watermark_ = kNoOffset;
    IsolationLevel isolation_ = IsolationLevel::read_uncommitted;
};

}  // namespace

History written_history(std::string_view text) {
    History history;
    REQUIRE(history.add_topic({"d", "orders", Durability::disk}));
    REQUIRE(history.add_topic({"m", "clicks", Durability::memory}));
    if (text.find("in=r") != std::string_view::npos) {
        REQUIRE(history.add_topic({"r", "orders", Durability::disk}));
    }
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        if (line.find_first_not_of(' ') != std::string::npos) {
            INFO("line '" << line << "'");
            WrittenLine(line, history).add();
        }
    }
    return history;
}

}  // namespace hw::history
