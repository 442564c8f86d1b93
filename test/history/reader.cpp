#include "test/history/reader.h"

#include <fstream>
#include <iostream>
#include <memory>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parser.hpp>

#include "test/history/json_line.h"

namespace hw::history {
namespace {

namespace json = boost::json;

constexpr std::array<Word<Outcome>, 3> kOutcomes{
    {{"ok", Outcome::ok}, {"fail", Outcome::fail}, {"info", Outcome::info}}};
constexpr std::array<Word<Acks>, 3> kAcks{
    {{"all", Acks::all}, {"1", Acks::leader}, {"0", Acks::none}}};
constexpr std::array<Word<IsolationLevel>, 2> kIsolations{
    {{"read_uncommitted", IsolationLevel::read_uncommitted},
     {"read_committed", IsolationLevel::read_committed}}};
constexpr std::array<Word<ListOffsetsKind>, 2> kListOffsetsKinds{
    {{"latest", ListOffsetsKind::latest}, {"earliest", ListOffsetsKind::earliest}}};
constexpr std::array<Word<Durability>, 2> kDurabilities{
    {{"disk", Durability::disk}, {"memory", Durability::memory}}};

/// Adds one line to the history.
class LineReader {
public:
    LineReader(const json::object& object, std::uint32_t number, History& history)
        : line_(object), number_(number), history_(history) {}

    /// Errors: invalid, limit.
    [[nodiscard]] Result<void> read();

private:
    using Reading = void (LineReader::*)();

    void read_send();
    void read_poll();
    void read_list_offsets();
    void read_assign();

    void declare_topic();
    void note_unclean_election();
    void note_power_loss();
    void note_log_start();
    void note_leader();
    void note_deletion();
    void note_final_read();

    [[nodiscard]] TopicNumber topic(JsonLine& line);
    [[nodiscard]] PartitionNumber partition(JsonLine& line);
    [[nodiscard]] Answerer answerer();
    [[nodiscard]] IsolationLevel isolation() {
        return line_.word_or("isolation", kIsolations, IsolationLevel::read_uncommitted);
    }
    [[nodiscard]] Time time(std::string_view key) { return Time(line_.integer<std::int64_t>(key)); }
    void read_records(Poll& poll);
    void read_record(const json::value& value, Poll& poll);
    /// Refuses the line with the history's error, if there is one.
    void accept(const Result<void>& added) {
        if (!added) {
            line_.refuse("{}", added.error().message);
        }
    }

    static constexpr std::array<Word<Reading>, 4> kOperations{
        {{"send", &LineReader::read_send},
         {"poll", &LineReader::read_poll},
         {"list_offsets", &LineReader::read_list_offsets},
         {"assign", &LineReader::read_assign}}};
    static constexpr std::array<Word<Reading>, 7> kEvents{
        {{"topic", &LineReader::declare_topic},
         {"unclean_election", &LineReader::note_unclean_election},
         {"power_loss", &LineReader::note_power_loss},
         {"log_start", &LineReader::note_log_start},
         {"leader", &LineReader::note_leader},
         {"delete_topic", &LineReader::note_deletion},
         {"final_read", &LineReader::note_final_read}}};

    JsonLine line_;
    std::uint32_t number_;
    History& history_;
    Operation operation_;
};

Result<void> LineReader::read() {
    const json::value* const event = line_.find("event");
    const bool is_event = event != nullptr;
    const Reading reading =
        is_event ? line_.word_in(*event, "event", kEvents) : line_.word("op", kOperations);
    if (line_.failed()) {
        return fail(ErrorKind::invalid, "{}", line_.failure());
    }
    if (is_event) {
        (this->*reading)();
        return line_.finish();
    }
    operation_.line = number_;
    operation_.outcome = line_.word("kind", kOutcomes);
    operation_.process = history_.process(line_.string("process"));
    operation_.invoked = time("invoke");
    operation_.done = line_.integer_or("done", kNeverDone);
    (this->*reading)();
    HW_TRY_VOID(line_.finish());
    return history_.add(std::move(operation_));
}

TopicNumber LineReader::topic(JsonLine& line) {
    const std::string_view id = line.string("topic");
    const auto known = history_.find_topic(id);
    if (!known) {
        line.refuse("topic id '{}' is not declared; a line with the event 'topic' must come first",
                    id);
    }
    return known.value_or(TopicNumber());
}

PartitionNumber LineReader::partition(JsonLine& line) {
    const TopicNumber of = topic(line);
    const PartitionIndex index(line.integer<std::int32_t>("partition"));
    return line.failed() ? kNoPartition : history_.partition(of, index);
}

Answerer LineReader::answerer() {
    return {line_.integer_or("broker", kNoBroker),
            line_.integer_or("leader_epoch", kNoLeaderEpoch)};
}

void LineReader::read_send() {
    Send send{.partition = partition(line_), .value = kNoValue};
    send.value = history_.value(line_.string("value"));
    send.acks = line_.word("acks", kAcks);
    send.producer = line_.integer_or("producer", kNoProducerId);
    send.offset = line_.integer_or("offset", kNoOffset);
    operation_.action = send;
}

void LineReader::read_records(Poll& poll) {
    const json::array* const records = line_.array("records");
    if (records == nullptr) {
        return;
    }
    poll.records.reserve(records->size());
    for (const json::value& record : *records) {
        read_record(record, poll);
    }
}

void LineReader::read_record(const json::value& value, Poll& poll) {
    const json::array* const pair = value.if_array();
    if (pair == nullptr || pair->size() != 2) {
        line_.refuse("a record is an array of its offset and its value, such as [7, \"a\"]");
        return;
    }
    const Offset offset(line_.integer_in<std::int64_t>((*pair)[0], "records"));
    const std::string_view text = line_.string_in((*pair)[1], "records");
    poll.records.push_back({offset, history_.value(text)});
}

void LineReader::read_poll() {
    Poll poll{.partition = partition(line_), .from = kNoOffset};
    poll.from = Offset(line_.integer<std::int64_t>("from"));
    poll.answerer = answerer();
    poll.high_watermark = line_.integer_or("high_watermark", kNoOffset);
    poll.isolation = isolation();
    // A failed poll may leave its records out.
    const bool is_ok = operation_.outcome == Outcome::ok;
    if (is_ok || line_.find("records") != nullptr) {
        read_records(poll);
    }
    operation_.action = std::move(poll);
}

void LineReader::read_list_offsets() {
    ListOffsets list{.partition = partition(line_)};
    list.kind = line_.word("of", kListOffsetsKinds);
    list.offset = line_.integer_or("offset", kNoOffset);
    list.answerer = answerer();
    list.isolation = isolation();
    operation_.action = list;
}

void LineReader::read_assign() {
    Assign assign;
    const json::array* const positions = line_.array("positions");
    if (positions == nullptr) {
        return;
    }
    for (const json::value& value : *positions) {
        const json::object* const object = value.if_object();
        if (object == nullptr) {
            line_.refuse("'positions' holds objects with topic, partition and offset");
            return;
        }
        JsonLine position(*object);
        const PartitionNumber of = partition(position);
        assign.positions.push_back({of, position.integer_or("offset", kNoOffset)});
        accept(position.finish());
    }
    operation_.action = std::move(assign);
}

void LineReader::declare_topic() {
    Topic topic;
    topic.id = line_.string("id");
    topic.name = line_.string("name");
    topic.durability = line_.word("durability", kDurabilities);
    const auto added = history_.add_topic(std::move(topic));
    if (!added) {
        line_.refuse("{}", added.error().message);
    }
}

void LineReader::note_unclean_election() {
    const Time at = time("at");
    const Time until = line_.integer_or("until", at);
    accept(history_.add(Loss{Loss::Cause::unclean_election, at, until, partition(line_)}));
}

void LineReader::note_power_loss() {
    const Time at = time("at");
    Loss loss{Loss::Cause::power_loss, at, line_.integer_or("until", at)};
    if (line_.find("topic") != nullptr || line_.find("partition") != nullptr) {
        loss.partition = partition(line_);
    }
    accept(history_.add(loss));
}

void LineReader::note_log_start() {
    const Time at = time("at");
    const PartitionNumber of = partition(line_);
    history_.add(LogStartMove{at, of, Offset(line_.integer<std::int64_t>("offset"))});
}

void LineReader::note_leader() {
    LeaderElection election{.at = time("at"), .partition = partition(line_)};
    election.broker = BrokerId(line_.integer<std::int32_t>("broker"));
    election.epoch = LeaderEpoch(line_.integer<std::int32_t>("leader_epoch"));
    history_.add(election);
}

void LineReader::note_deletion() {
    const TopicNumber of = topic(line_);
    history_.add_deletion(of, time("at"));
}

void LineReader::note_final_read() {
    history_.begin_final_read(time("at"));
}

/// Parses lines, in memory that it reuses.
class LineParser {
public:
    [[nodiscard]] Result<void> add(std::string_view text, std::uint32_t number, History& history) {
        // A resource that is used again after its release() takes twice the memory each time.
        json::monotonic_resource resource(memory_.data(), memory_.size());
        json::parser parser(&resource);
        json::error_code error;
        const std::size_t end = parser.write(text.data(), text.size(), error);
        if (error) {
            return fail(ErrorKind::invalid, "byte {} breaks the rules of JSON: {}", end + 1,
                        error.message());
        }
        const json::value value = parser.release();
        if (!value.is_object()) {
            return fail(ErrorKind::invalid, "a line must be one JSON object");
        }
        return LineReader(value.get_object(), number, history).read();
    }

private:
    std::array<unsigned char, std::size_t{64} * 1024> memory_;
};

}  // namespace

Result<History> read_history(std::istream& input, const std::string& name) {
    History history;
    LineParser parser;
    std::string buffer(kLineBytesMax + 1, '\0');
    std::uint32_t number = 0;
    while (input.getline(buffer.data(), static_cast<std::streamsize>(buffer.size()))) {
        ++number;
        const bool has_line_end = !input.eof();
        const auto count = static_cast<std::size_t>(input.gcount()) - (has_line_end ? 1 : 0);
        const auto added = parser.add({buffer.data(), count}, number, history);
        if (!added) {
            return fail(added.error().kind, "{}:{}: {}", name, number, added.error().message);
        }
    }
    if (input.bad()) {
        return fail(ErrorKind::io, "{}: reading failed after line {}", name, number);
    }
    if (!input.eof()) {
        return fail(ErrorKind::limit, "{}:{}: the line is longer than {} bytes", name, number + 1,
                    kLineBytesMax);
    }
    return history;
}

Result<History> read_history_file(const std::string& path) {
    if (path == "-") {
        return read_history(std::cin, "standard input");
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return fail(ErrorKind::not_found, "{}: cannot be opened; is the path right, and readable?",
                    path);
    }
    return read_history(file, path);
}

}  // namespace hw::history
