#include <algorithm>
#include <array>
#include <chrono>
#include <random>
#include <unistd.h>

#include <fmt/format.h>

#include "tools/cli/batch_sender.h"
#include "tools/cli/command.h"
#include "tools/cli/input.h"
#include "tools/cli/options.h"
#include "tools/cli/report.h"
#include "tools/client/partition_io.h"
#include "tools/client/words.h"

namespace hw::cli {
namespace {

constexpr std::string_view kName = "produce";
constexpr std::string_view kHelp =
    R"(Usage: hw produce [OPTIONS] TOPIC

Sends each line of standard input as a record: in batches while lines come fast, else one by one.
With --key-separator the text before the first separator of a line is the key, and records with the
same key go to the same partition, the one that Kafka's Java client would choose. Without keys, each
batch goes to the next partition.
A record that is too large for the topic is skipped, and its line is named. Any other failure ends
the command, which then names the first line that was not acknowledged. At the end it prints on
standard error how many records went to each partition. Ctrl-C ends the input; a line that is not
complete by then is not sent.

Examples:
  hw topic create orders
  echo hello | hw produce orders
  echo 'customer-7:{"sum":3}' | hw produce orders --key-separator :
  seq 1000000 | hw produce orders --compression zstd --acks 1
  echo '{}' | hw produce orders --partition 0 -H source=test -H type=order
)";

Result<record::Compression> parse_codec(const std::string& text) {
    using enum record::Codec;
    for (const record::Codec codec : std::array{none, gzip, snappy, lz4, zstd}) {
        if (text == record::to_string(codec)) {
            return record::Compression{.codec = codec, .level = {}};
        }
    }
    return fail(ErrorKind::invalid, "--compression '{}' must be none, gzip, snappy, lz4 or zstd",
                text);
}

/// The text between the key and the value of a line; none where lines have no keys.
using KeySeparator = std::optional<std::string>;

Result<KeySeparator> parse_key_separator(const Arguments& arguments) {
    if (!arguments.has("key-separator")) {
        return std::nullopt;
    }
    const std::string& separator = arguments.value("key-separator");
    if (separator.empty()) {
        return fail(ErrorKind::invalid, "--key-separator must not be empty");
    }
    return separator;
}

/// The headers in `texts`, as views of them.
Result<std::vector<record::HeaderView>> parse_headers(const std::vector<std::string>& texts) {
    std::vector<record::HeaderView> headers;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == 0 || equals == std::string::npos) {
            return fail(ErrorKind::invalid, "--header '{}' must be NAME=VALUE", text);
        }
        const std::string_view view = text;
        headers.push_back({view.substr(0, equals), as_bytes(view.substr(equals + 1))});
    }
    return headers;
}

/// The result has views into `header_texts`, the values of --header.
Result<SendOptions> parse_send_options(const Arguments& arguments,
                                       const std::vector<std::string>& header_texts) {
    HW_TRY(acks, acks_of(arguments));
    HW_TRY(compression, parse_codec(arguments.value("compression")));
    HW_TRY(headers, parse_headers(header_texts));
    return SendOptions{arguments.operands().front(), acks, compression, std::move(headers)};
}

Timestamp now() {
    const auto time = std::chrono::system_clock::now().time_since_epoch();
    return Timestamp(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

/// Chooses the partition of each record.
class PartitionChoice {
public:
    PartitionChoice(std::int32_t count, std::optional<PartitionIndex> fixed)
        : count_(count),
          fixed_(fixed),
          // Random, so that many short runs do not all fill the first partition.
          keyless_(static_cast<std::int32_t>(std::random_device{}() % unsigned(count))) {}

    [[nodiscard]] PartitionIndex of(const LineRecord& record) const {
        if (fixed_) {
            return *fixed_;
        }
        return record.key ? client::partition_of_key(as_bytes(*record.key), count_)
                          : PartitionIndex(keyless_);
    }
    void on_batch_sent() { keyless_ = (keyless_ + 1) % count_; }

private:
    std::int32_t count_;
    std::optional<PartitionIndex> fixed_;
    std::int32_t keyless_;
};

/// The next line as a record; none at the end. Errors: of the line (corrupt, limit), io.
Result<std::optional<LineRecord>> next_record(LineReader& lines, std::uint64_t number,
                                              const KeySeparator& separator) {
    const auto line = lines.next();
    if (!line) {
        return fail(line.error().kind, "line {}: {}; this line and later ones were not sent",
                    number, line.error().message);
    }
    if (!*line) {
        return std::nullopt;
    }
    LineRecord record{.line = number, .key = {}, .value = {}, .timestamp = now()};
    if (!separator) {
        record.value = **line;
        return record;
    }
    const std::size_t at = (*line)->find(*separator);
    if (at == std::string_view::npos) {
        return fail(ErrorKind::corrupt,
                    "line {} has no key separator '{}'; this line and later ones were not sent",
                    number, *separator);
    }
    record.key = (*line)->substr(0, at);
    record.value = (*line)->substr(at + separator->size());
    return record;
}

/// Sends all lines. Errors: those of next_record, after sending the lines before; of BatchSender.
Result<void> send_lines(LineReader& lines, const KeySeparator& separator, PartitionChoice& choice,
                        BatchSender& sender) {
    for (std::uint64_t number = 1;; ++number) {
        if (lines.would_wait()) {
            HW_TRY_VOID(sender.flush());
            choice.on_batch_sent();
        }
        auto record = next_record(lines, number, separator);
        if (!record || !*record) {
            const auto flushed = sender.flush();
            return record || !flushed ? flushed : std::unexpected(record.error());
        }
        const PartitionIndex partition = choice.of(**record);
        HW_TRY(has_sent, sender.add(partition, std::move(**record)));
        if (has_sent) {
            choice.on_batch_sent();
        }
    }
}

/// Counts the records that were too large, and reports each.
class TooLargeRecords {
public:
    explicit TooLargeRecords(Tally& tally) : tally_(&tally) {}

    void add(std::uint64_t line, const Error& error) {
        tally_->fail(error);
        first_line_ = count_ == 0 ? line : std::min(first_line_, line);
        ++count_;
    }
    /// Their part of the summary.
    [[nodiscard]] std::string text() const {
        if (count_ == 0) {
            return "";
        }
        return count_ == 1
                   ? fmt::format("; 1 was too large (line {})", first_line_)
                   : fmt::format("; {} were too large (first: line {})", count_, first_line_);
    }

private:
    Tally* tally_;
    std::uint64_t count_ = 0;
    std::uint64_t first_line_ = 0;
};

std::uint64_t count_of(const std::map<PartitionIndex, Sent>& sent) {
    std::uint64_t records = 0;
    for (const auto& [partition, part] : sent) {
        records += part.records;
    }
    return records;
}

std::string offsets_text(const Sent& part) {
    if (!part.first_offset) {
        return "";
    }
    return part.first_offset == part.last_offset
               ? fmt::format(", offset {}", *part.first_offset)
               : fmt::format(", offsets {} to {}", *part.first_offset, *part.last_offset);
}

void print_summary(const std::string& topic, const std::map<PartitionIndex, Sent>& sent,
                   const TooLargeRecords& too_large) {
    remark(fmt::format("Produced {} to {}{}.\n", client::counted(count_of(sent), "record"), topic,
                       too_large.text()));
    for (const auto& [partition, part] : sent) {
        remark(fmt::format("  partition {}: {}{}\n", partition,
                           client::counted(part.records, "record"), offsets_text(part)));
    }
}

/// The partition of --partition; nothing without that option. Errors: invalid, not_found.
Result<std::optional<PartitionIndex>> fixed_partition(const Arguments& arguments,
                                                      const client::TopicView& topic) {
    if (!arguments.has("partition")) {
        return std::nullopt;
    }
    HW_TRY(number, whole_number(arguments, "partition", 0));
    if (std::cmp_greater_equal(number, topic.partitions.size())) {
        return std::unexpected(client::unknown_partition(topic, fmt::format("{}", number)));
    }
    return PartitionIndex(static_cast<std::int32_t>(number));
}

/// Errors: those of Client::topic; if the topic does not exist, with the command to create it.
Result<client::TopicView> find_topic(client::Client& client, const std::string& name) {
    auto topic = client.topic(name);
    if (!topic && topic.error().kind == ErrorKind::not_found) {
        topic.error().message += fmt::format(", 'hw topic create {}' creates it", name);
    }
    return topic;
}

/// Sends all lines. `tally` gets one success if any record was sent, a failure for each record that
/// was too large, and one for the error that ended the sending. Errors: those before the first
/// line.
Result<void> produce_lines(const Arguments& arguments, Tally& tally) {
    HW_TRY(separator, parse_key_separator(arguments));
    const auto header_texts = arguments.values("header");
    HW_TRY(options, parse_send_options(arguments, header_texts));
    auto client = connect(arguments);
    if (!client) {
        return std::unexpected(client.error());
    }
    HW_TRY(topic, find_topic(*client, options.topic));
    HW_TRY(fixed, fixed_partition(arguments, topic));
    PartitionChoice choice(static_cast<std::int32_t>(topic.partitions.size()), fixed);
    // Not passed to the client: lines that were read are sent even after Ctrl-C.
    const Interrupt interrupt;
    LineReader lines(STDIN_FILENO, interrupt.descriptor());
    TooLargeRecords too_large(tally);
    BatchSender sender(*client, options, [&too_large](std::uint64_t line, const Error& error) {
        too_large.add(line, error);
    });
    const auto sent = send_lines(lines, separator, choice, sender);
    if (lines.dropped_bytes() > 0) {
        remark(fmt::format("hw {}: the unfinished last line of {} was not sent\n", kName,
                           client::counted(lines.dropped_bytes(), "byte")));
    }
    print_summary(options.topic, sender.sent(), too_large);
    if (count_of(sender.sent()) > 0) {
        tally.succeed();
    }
    if (!sent) {
        const auto pending = sender.first_pending_line();
        const std::string from =
            pending ? fmt::format("; the first line that was not acknowledged is {}", *pending)
                    : "";
        tally.fail({sent.error().kind, sent.error().message + from});
    }
    return {};
}

ExitCode run(const Arguments& arguments) {
    Tally tally(kName);
    const auto produced = produce_lines(arguments, tally);
    return produced ? tally.exit_code() : report(kName, produced.error());
}

}  // namespace

Command produce() {
    return {.spec = {.name = kName,
                     .summary = "send the lines of standard input as records",
                     .help = kHelp,
                     .options = with_cluster_options(
                         {{.name = "key-separator",
                           .letter = 'k',
                           .value_name = "TEXT",
                           .help = "text between the key and the value of a line"},
                          {.name = "partition",
                           .letter = 'p',
                           .value_name = "N",
                           .help = "send all records to this partition"},
                          {.name = "compression",
                           .letter = 'z',
                           .value_name = "CODEC",
                           .help = "none, gzip, snappy, lz4 or zstd",
                           .default_value = "none"},
                          {.name = "header",
                           .letter = 'H',
                           .value_name = "NAME=VALUE",
                           .help = "a header of each record; may be given several times",
                           .is_repeatable = true},
                          acks_option()}),
                     .operands = {"TOPIC", 1, 1}},
            .run = run};
}

}  // namespace hw::cli
