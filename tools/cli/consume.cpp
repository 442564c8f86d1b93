#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/command.h"
#include "tools/cli/consumer.h"
#include "tools/cli/group_consumer.h"
#include "tools/cli/input.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/record_printer.h"
#include "tools/cli/report.h"

namespace hw::cli {
namespace {

constexpr std::string_view kName = "consume";
constexpr std::string_view kHelp =
    R"(Usage: hw consume [OPTIONS] TOPIC
       hw consume [OPTIONS] --group GROUP TOPIC

Prints the records of a topic and waits for more, until Ctrl-C, until --count records, or with
--exit-at-end until the current end of each partition. Records of one partition come in order;
records of several partitions are mixed. Text output is one line per record, its value. JSON output
has offset, timestamp in ms, key, headers and value; bytes that are not UTF-8 are in base64
(valueBase64).

With --group it is a member of a group of consumers, which share the partitions, also with other
Kafka clients that know the assignor 'range'. It goes on where the group has committed; --from says
where a partition begins that the group has not committed. What was printed is committed every
second, and at the end, when it leaves the group: after a crash, the next member prints at most the
last second again, and skips nothing. A member that is killed or hangs loses its partitions after
twice --timeout.

Examples:
  hw topic create orders
  seq 2000 | hw produce orders
  hw consume orders --from beginning --exit-at-end
  hw consume orders --partition 0 --from 1500 --count 10 --format key-value
  hw consume orders --from 2026-01-31T10:30:00Z -e -o ndjson
  hw consume orders --group billing --from beginning --exit-at-end
)";

Result<RecordText> parse_record_text(const std::string& name) {
    if (name == "value") {
        return RecordText::value;
    }
    if (name == "key-value") {
        return RecordText::key_value;
    }
    return fail(ErrorKind::invalid, "--format '{}' must be value or key-value", name);
}

Result<ConsumerOptions> parse_consumer_options(const Arguments& arguments) {
    if (arguments.has("group") && arguments.value("partition") != "all") {
        return fail(ErrorKind::invalid,
                    "--partition cannot be given with --group, which assigns the partitions");
    }
    HW_TRY(start, parse_start_position("from", arguments.value("from")));
    ConsumerOptions options{.topic = arguments.operands().front(), .start = start};
    if (arguments.has("exit-at-end")) {
        options.at_end = AtEnd::stop;
    }
    if (arguments.has("count")) {
        HW_TRY(count, whole_number(arguments, "count", 1));
        options.most_records = static_cast<std::uint64_t>(count);
    }
    return options;
}

/// The partitions that --partition names. Errors: invalid, not_found, those of Client::topic.
Result<std::vector<PartitionIndex>> partitions_of(client::Client& client,
                                                  const Arguments& arguments) {
    HW_TRY(topic, client.topic(arguments.operands().front()));
    const std::string& wanted = arguments.value("partition");
    std::vector<PartitionIndex> partitions;
    for (const client::PartitionView& partition : topic.partitions) {
        if (wanted == "all" || wanted == fmt::format("{}", partition.index)) {
            partitions.push_back(partition.index);
        }
    }
    if (!partitions.empty()) {
        return partitions;
    }
    if (wanted.find_first_not_of("0123456789") != std::string::npos) {
        return fail(ErrorKind::invalid, "--partition '{}' must be a number or all", wanted);
    }
    return std::unexpected(client::unknown_partition(topic, wanted));
}

/// Prints records as the options say.
class RecordOutput {
public:
    RecordOutput(std::string topic, OutputFormat format, RecordText text)
        : topic_(std::move(topic)), format_(format), text_(text), items_(format) {}

    void print(PartitionIndex partition, const record::RecordView& record) {
        if (format_ == OutputFormat::text) {
            fmt::print("{}\n", record_text(record, text_));
        } else {
            items_.add(record_json(topic_, partition, record));
        }
    }
    void finish() { items_.finish(); }

private:
    std::string topic_;
    OutputFormat format_;
    RecordText text_;
    JsonItems items_;
};

/// Reads until the consumer is done, the user interrupts it, or the output cannot be written.
/// Errors: those of Consumer.
Result<void> consume_all(Consumer& consumer, const std::vector<PartitionIndex>& partitions,
                         const Interrupt& interrupt) {
    auto done = consumer.start(partitions);
    while (done && flush_output() && !consumer.is_done() && !interrupt.is_raised()) {
        done = consumer.poll();
    }
    // An error after an interrupt was caused by it, and is not a failure.
    return interrupt.is_raised() ? Result<void>() : done;
}

/// The options to continue with after a failure; empty if nothing was started.
std::string resume_options(const std::vector<client::Position>& positions) {
    std::vector<std::string> options;
    for (const client::Position& position : positions) {
        options.push_back(
            fmt::format("--partition {} --from {}", position.partition, position.next_offset));
    }
    return options.empty() ? "" : fmt::format("; continue with {}", fmt::join(options, ", "));
}

/// What reads, and where its records go.
struct Reading {
    client::Client& client;
    const Interrupt& interrupt;
    ConsumerOptions options;
    Consumer::Handler handler;
};

/// Reads partitions without a group. Returns whether everything that was asked for has been read.
/// Errors: those of Consumer, and how to continue.
Result<bool> read_alone(const Reading& reading, const Arguments& arguments) {
    HW_TRY(partitions, partitions_of(reading.client, arguments));
    Consumer consumer(reading.client, reading.options, reading.handler);
    if (const auto done = consume_all(consumer, partitions, reading.interrupt); !done) {
        return fail(done.error().kind, "{}{}", done.error().message,
                    resume_options(consumer.positions()));
    }
    return consumer.is_done();
}

/// The same as a member of a group. Errors: those of GroupConsumer.
Result<bool> read_in_group(const Reading& reading, const std::string& group) {
    if (const auto topic = reading.client.topic(reading.options.topic); !topic) {
        return std::unexpected(topic.error());
    }
    GroupConsumer consumer({reading.client, reading.interrupt, kName}, group, reading.options,
                           reading.handler);
    HW_TRY_VOID(consumer.run());
    return consumer.is_done();
}

/// Returns whether it reached the end that the options set; true if they set none.
Result<bool> consume_topic(const Arguments& arguments) {
    HW_TRY(format, output_format(arguments));
    HW_TRY(text, parse_record_text(arguments.value("format")));
    HW_TRY(options, parse_consumer_options(arguments));
    const Interrupt interrupt;
    auto client = connect(arguments, interrupt.descriptor());
    if (!client) {
        return interrupt.is_raised() ? Result<bool>(false) : std::unexpected(client.error());
    }
    RecordOutput output(options.topic, format, text);
    const Reading reading{*client, interrupt, options,
                          [&output](PartitionIndex partition, const record::RecordView& record) {
                              output.print(partition, record);
                          }};
    const auto done = arguments.has("group") ? read_in_group(reading, arguments.value("group"))
                                             : read_alone(reading, arguments);
    output.finish();
    if (!done) {
        return done;
    }
    const bool has_end = arguments.has("count") || options.at_end == AtEnd::stop;
    return !has_end || *done;
}

ExitCode run(const Arguments& arguments) {
    const auto consumed = consume_topic(arguments);
    if (!consumed) {
        return report(kName, consumed.error());
    }
    return *consumed ? ExitCode::ok : ExitCode::interrupted;
}

}  // namespace

Command consume() {
    return {
        .spec = {.name = kName,
                 .summary = "print the records of a topic",
                 .help = kHelp,
                 .options = with_cluster_options(
                     {{.name = "group",
                       .letter = 'g',
                       .value_name = "GROUP",
                       .help = "read as a member of this group"},
                      {.name = "partition",
                       .letter = 'p',
                       .value_name = "N",
                       .help = "one partition, or all",
                       .default_value = "all"},
                      {.name = "from",
                       .letter = 'f',
                       .value_name = "WHERE",
                       .help = "beginning, end, an offset, or a time (ISO 8601, UTC by default)",
                       .default_value = "end"},
                      {.name = "count",
                       .letter = 'n',
                       .value_name = "N",
                       .help = "stop after N records"},
                      {.name = "exit-at-end",
                       .letter = 'e',
                       .help = "stop at the current end of each partition"},
                      {.name = "format",
                       .value_name = "FORMAT",
                       .help = "text output: value, or key-value with a tab between them",
                       .default_value = "value"},
                      output_option()}),
                 .operands = {"TOPIC", 1, 1}},
        .run = run};
}

}  // namespace hw::cli
