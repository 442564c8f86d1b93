#include "tools/cli/report.h"

#include <string>
#include <tuple>

#include <fmt/format.h>

#include "config/topic_config.h"
#include "tools/client/cluster_admin.h"

namespace hw::cli {
namespace {

std::string outcome_json(const client::TopicOutcome& outcome, const OutcomePrinter& printer) {
    std::string text;
    schema::JsonPrinter json(text);
    json.begin_object();
    json.key("topic");
    json.string(outcome.name);
    json.key("done");
    json.boolean(outcome.result.has_value());
    printer.put_fields(json, outcome);
    if (!outcome.result) {
        json.key("error");
        json.string(outcome.result.error().message);
    }
    json.end_object();
    return text;
}

void say(std::string_view command, const std::string& what) {
    // Results that were printed before must appear before this sentence.
    std::ignore = flush_output();
    remark(fmt::format("hw {}: {}\n", command, what));
}

}  // namespace

ExitCode report(std::string_view command, const Error& error) {
    const ExitCode code = exit_code_of(error.kind);
    const std::string help =
        code == ExitCode::usage ? fmt::format("; see 'hw {} --help'", command) : "";
    say(command, error.message + help);
    return code;
}

void note(std::string_view command, const std::string& what) {
    say(command, what);
}

void warn(std::string_view command, std::string_view what) {
    say(command, fmt::format("warning: {}", what));
}

void warn_if_cut_off(std::string_view command, client::Client& client) {
    if (client::may_be_cut_off(client)) {
        warn(command, fmt::format("the broker at {} gets no answer from a controller, so this is "
                                  "what it knew before: brokers may have died since, and "
                                  "partitions may have other leaders",
                                  config::to_string(client.address())));
    }
}

void warn_about(std::string_view command, const std::vector<client::Setting>& settings) {
    for (const client::Setting& setting : settings) {
        const std::string caution = config::warning_for_setting(setting.name, setting.value);
        if (!caution.empty()) {
            warn(command, caution);
        }
    }
}

void report_not_shown(std::string_view command, std::string_view topic) {
    say(command, fmt::format("topic '{}' is not ready yet: the broker has not finished the change "
                             "within --timeout; look again later",
                             topic));
}

void Tally::fail(const Error& error) {
    say(command_, error.message);
    if (first_failure_ == ExitCode::ok) {
        first_failure_ = exit_code_of(error.kind);
    }
}

ExitCode Tally::exit_code() const {
    return first_failure_ != ExitCode::ok && successes_ > 0 ? ExitCode::partial : first_failure_;
}

ExitCode report_outcomes(std::string_view command, OutputFormat format,
                         const std::vector<client::TopicOutcome>& outcomes,
                         const OutcomePrinter& printer) {
    Tally tally(command);
    JsonItems items(format);
    for (const client::TopicOutcome& outcome : outcomes) {
        if (format != OutputFormat::text) {
            items.add(outcome_json(outcome, printer));
        } else if (outcome.result) {
            fmt::print("{}", printer.text(outcome));
        }
        if (outcome.result && !outcome.is_shown) {
            report_not_shown(command, outcome.name);
        }
        if (outcome.result) {
            tally.succeed();
        } else {
            tally.fail(outcome.result.error());
        }
    }
    items.finish();
    return tally.exit_code();
}

}  // namespace hw::cli
