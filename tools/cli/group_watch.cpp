#include <chrono>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "protocol/base/duration_text.h"
#include "tools/cli/command.h"
#include "tools/cli/group_lag_text.h"
#include "tools/cli/group_rate.h"
#include "tools/cli/input.h"
#include "tools/cli/options.h"
#include "tools/cli/output.h"
#include "tools/cli/report.h"
#include "tools/client/group_lag.h"
#include "tools/client/words.h"

namespace hw::cli {
namespace {

constexpr std::string_view kName = "group watch";
constexpr std::string_view kHelp =
    R"(Usage: hw group watch [OPTIONS] GROUP

Shows again and again how far a group of consumers is behind, as 'hw group lag' does, with
  Consumed   the records that the group commits per second
  Produced   the new records per second in its partitions
  Caught up  in how much time nothing is unread, at these rates: now, or never if the group consumes
             no faster than is produced
The rates are those of the last ten intervals, because most clients commit every few seconds. On a
terminal each round replaces the one before. Ends on Ctrl-C, or after --count rounds.

Examples:
  hw topic create orders
  hw group reset billing --topic orders --to beginning --yes
  hw group watch billing --count 2
)";

/// What the user asked for.
struct WatchOptions {
    std::string group;
    std::chrono::seconds interval;
    std::int64_t rounds = kNoMaximum;
    OutputFormat format = OutputFormat::text;
};

Result<WatchOptions> parse(const Arguments& arguments) {
    constexpr std::int64_t kLongestInterval = 3600;
    HW_TRY(format, output_format(arguments));
    HW_TRY(interval, whole_number(arguments, "interval", 1, kLongestInterval));
    WatchOptions options{.group = arguments.operands().front(),
                         .interval = std::chrono::seconds(interval),
                         .format = format};
    if (arguments.has("count")) {
        HW_TRY(rounds, whole_number(arguments, "count", 1));
        options.rounds = rounds;
    }
    return options;
}

std::string rate_text(std::optional<double> rate) {
    return rate ? fmt::format("{:.1f} records/s", *rate) : "-";
}

std::string time_left_text(const GroupRate& rate) {
    const auto left = rate.time_left();
    if (!left) {
        return rate.consumed() ? "never at these rates" : "-";
    }
    return left->count() == 0 ? "now" : "in " + short_duration(*left);
}

std::string text_of(const client::GroupLag& lag, const GroupRate& rate) {
    return fmt::format(
        "Group      {}\nState      {}\nLag        {}\nLag time   {}\nConsumed   {}\nProduced   {}\n"
        "Caught up  {}\n{}",
        lag.group.name, lag.group.state,
        client::counted(static_cast<std::uint64_t>(lag.lag()), "record"), age_text(lag.age()),
        rate_text(rate.consumed()), rate_text(rate.produced()), time_left_text(rate),
        partitions_text(lag));
}

void put_rate(schema::JsonPrinter& json, std::string_view key, std::optional<double> rate) {
    json.key(key);
    rate ? json.float64(*rate) : json.null();
}

std::string json_of(const client::GroupLag& lag, const GroupRate& rate) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    put_lag(json, lag);
    put_rate(json, "consumedPerSecond", rate.consumed());
    put_rate(json, "producedPerSecond", rate.produced());
    put_optional(json, "caughtUpInMs", rate.time_left());
    put_partitions(json, lag);
    json.end_object();
    return text;
}

/// Prints one round after the other.
class RoundOutput {
public:
    explicit RoundOutput(OutputFormat format) : format_(format), items_(format) {}

    void print(const client::GroupLag& lag, const GroupRate& rate) {
        if (format_ != OutputFormat::text) {
            items_.add(json_of(lag, rate));
            return;
        }
        // Moves the cursor to the top left corner, and clears the screen.
        constexpr std::string_view kClear = "\x1b[H\x1b[2J";
        const bool is_first = std::exchange(is_first_, false);
        const std::string_view before = is_terminal_ ? kClear : is_first ? "" : "\n";
        fmt::print("{}{}", before, text_of(lag, rate));
    }
    void finish() {
        if (format_ != OutputFormat::text) {
            items_.finish();
        }
    }

private:
    OutputFormat format_;
    JsonItems items_;
    bool is_terminal_ = isatty(STDOUT_FILENO) != 0;
    bool is_first_ = true;
};

/// Errors: those of group_lag in the first round; later ones are reported, and the next round is
/// another attempt.
Result<ExitCode> watch_rounds(client::Client& client, const WatchOptions& options,
                              const Interrupt& interrupt) {
    Tally tally(kName);
    GroupRate rate;
    RoundOutput output(options.format);
    for (std::int64_t round = 0; round < options.rounds && flush_output(); ++round) {
        if (round != 0 && interrupt.wait(options.interval)) {
            break;
        }
        const auto lag = client::group_lag(client, options.group);
        if (interrupt.is_raised()) {
            break;  // an error was caused by it
        }
        if (!lag && round == 0) {
            return std::unexpected(lag.error());
        }
        if (!lag) {
            tally.fail(lag.error());
            continue;
        }
        rate.add(*lag, std::chrono::steady_clock::now());
        output.print(*lag, rate);
        tally.succeed();
        if (round == 0) {
            report_gaps(kName, *lag, tally);
        }
    }
    output.finish();
    return interrupt.is_raised() ? ExitCode::ok : tally.exit_code();
}

Result<ExitCode> watch_group(const Arguments& arguments) {
    HW_TRY(options, parse(arguments));
    const Interrupt interrupt;
    auto client = connect(arguments, interrupt.descriptor());
    if (client) {
        return watch_rounds(*client, options, interrupt);
    }
    return interrupt.is_raised() ? Result<ExitCode>(ExitCode::ok) : std::unexpected(client.error());
}

ExitCode run(const Arguments& arguments) {
    const auto code = watch_group(arguments);
    return code ? *code : report(kName, code.error());
}

}  // namespace

Command group_watch() {
    return {.spec = {.name = kName,
                     .summary = "show again and again how far a group is behind",
                     .help = kHelp,
                     .options = with_cluster_options({{.name = "interval",
                                                       .letter = 'i',
                                                       .value_name = "SECONDS",
                                                       .help = "from one round to the next: 1 to "
                                                               "3600",
                                                       .default_value = "1"},
                                                      {.name = "count",
                                                       .letter = 'n',
                                                       .value_name = "N",
                                                       .help = "stop after N rounds"},
                                                      output_option()}),
                     .operands = {"GROUP", 1, 1}},
            .run = run};
}

}  // namespace hw::cli
