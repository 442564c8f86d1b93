#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tools/cli/cluster_options.h"
#include "tools/cli/commands.h"
#include "tools/cli/consumer.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/record_printer.h"
#include "tools/cli/report.h"
#include "tools/cli/whole_number.h"

namespace hw::cli {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kName = "consume";
constexpr std::string_view kHelp =
    R"(Usage: hw consume [OPTIONS] TOPIC

Prints the records of a topic and waits for more, until Ctrl-C, --count records, or with
--exit-at-end until the end that each partition has now. Records of one partition come in their
order; those of several mixed. Text output is the value of each record in a line; JSON has offset,
timestamp in ms, key, headers and value, and bytes that are no UTF-8 as base64 (valueBase64).

Examples:
  hw topic create orders
  seq 2000 | hw produce orders
  hw consume orders --from beginning --exit-at-end
  hw consume orders --partition 0 --from 1500 --count 10 --format key-value
  hw consume orders --from 2026-01-31T10:30:00Z -e -o ndjson
)";

void add_options(po::options_description& options) {
    options.add_options()("partition,p",
                          po::value<std::string>()->value_name("N")->default_value("all"),
                          "one partition, or all")(
        "from,f", po::value<std::string>()->value_name("WHERE")->default_value("end"),
        "beginning, end, an offset, or a time (ISO 8601; UTC unless it says otherwise)")(
        "count,n", po::value<std::string>()->value_name("N"), "stop after N records")(
        "exit-at-end,e", "stop at the end of each partition")(
        "format", po::value<std::string>()->value_name("FORMAT")->default_value("value"),
        "of text output: value, or key-value with a tab between");
    add_output_option(options);
    add_cluster_options(options);
}

Result<RecordText> parse_record_text(const std::string& name) {
    if (name == "value") {
        return RecordText::value;
    }
    if (name == "key-value") {
        return RecordText::key_value;
    }
    return fail(ErrorKind::invalid, "--format {} is no format; there are value and key-value",
                name);
}

Result<ConsumerOptions> parse_consumer_options(const Arguments& arguments) {
    const auto start = parse_start_position(arguments.options["from"].as<std::string>());
    if (!start) {
        return std::unexpected(start.error());
    }
    ConsumerOptions options{.topic = arguments.operands.front(), .start = *start};
    if (arguments.options.contains("exit-at-end")) {
        options.at_end = AtEnd::stop;
    }
    if (arguments.options.contains("count")) {
        const auto count = whole_number(arguments, "count", 1);
        if (!count) {
            return std::unexpected(count.error());
        }
        options.most_records = static_cast<std::uint64_t>(*count);
    }
    return options;
}

/// The partitions that --partition names. Errors: invalid, not_found, those of Client::topic.
Result<std::vector<PartitionIndex>> partitions_of(client::Client& client,
                                                  const Arguments& arguments) {
    const auto topic = client.topic(arguments.operands.front());
    if (!topic) {
        return std::unexpected(topic.error());
    }
    const auto& wanted = arguments.options["partition"].as<std::string>();
    std::vector<PartitionIndex> partitions;
    for (const client::PartitionView& partition : topic->partitions) {
        if (wanted == "all" || wanted == fmt::format("{}", partition.index)) {
            partitions.push_back(partition.index);
        }
    }
    if (!partitions.empty()) {
        return partitions;
    }
    if (wanted.find_first_not_of("0123456789") != std::string::npos) {
        return fail(ErrorKind::invalid, "--partition {} is neither a number nor all", wanted);
    }
    return std::unexpected(client::unknown_partition(*topic, wanted));
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

/// Reads until the consumer is done, the user has enough, or the output takes no more. Errors:
/// those of Consumer.
Result<void> consume_all(Consumer& consumer, const std::vector<PartitionIndex>& partitions,
                         const Interrupt& interrupt) {
    auto done = consumer.start(partitions);
    while (done && flush_output() && !consumer.is_done() && !interrupt.is_raised()) {
        done = consumer.poll();
    }
    // What failed because it was interrupted did not fail.
    return interrupt.is_raised() ? Result<void>() : done;
}

/// How to go on where it failed; empty where it had not begun.
std::string way_on(const std::vector<client::Position>& positions) {
    std::vector<std::string> options;
    for (const client::Position& position : positions) {
        options.push_back(
            fmt::format("--partition {} --from {}", position.partition, position.next_offset));
    }
    return options.empty() ? "" : fmt::format("; go on with {}", fmt::join(options, ", "));
}

/// Whether it went on to where the options say that it ends.
Result<bool> consume_topic(const Arguments& arguments) {
    const auto format = output_format(arguments);
    if (!format) {
        return std::unexpected(format.error());
    }
    const auto text = parse_record_text(arguments.options["format"].as<std::string>());
    if (!text) {
        return std::unexpected(text.error());
    }
    const auto options = parse_consumer_options(arguments);
    if (!options) {
        return std::unexpected(options.error());
    }
    const Interrupt interrupt;
    auto client = connect(arguments, interrupt.descriptor());
    if (!client) {
        return interrupt.is_raised() ? Result<bool>(false) : std::unexpected(client.error());
    }
    const auto partitions = partitions_of(*client, arguments);
    if (!partitions) {
        return std::unexpected(partitions.error());
    }
    RecordOutput output(options->topic, *format, *text);
    Consumer consumer(*client, *options,
                      [&output](PartitionIndex partition, const record::RecordView& record) {
                          output.print(partition, record);
                      });
    const auto done = consume_all(consumer, *partitions, interrupt);
    output.finish();
    if (!done) {
        return fail(done.error().kind, "{}{}", done.error().message, way_on(consumer.positions()));
    }
    const bool has_end = arguments.options.contains("count") || options->at_end == AtEnd::stop;
    return !has_end || consumer.is_done();
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
    return {.name = kName,
            .summary = "print the records of a topic",
            .help = kHelp,
            .operands = {"TOPIC", 1, 1},
            .add_options = add_options,
            .run = run};
}

}  // namespace hw::cli
