#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/schema/json_printer.h"
#include "tools/cli/command.h"
#include "tools/cli/output.h"
#include "tools/client/topic_admin.h"

namespace hw::cli {

/// Prints on standard error why a command failed and, if its arguments were wrong, how to get help;
/// returns its exit code.
ExitCode report(std::string_view command, const Error& error);

/// Prints on standard error what the command does, for people who watch it.
void note(std::string_view command, const std::string& what);

/// Prints a warning about the command's outcome on standard error.
void warn(std::string_view command, std::string_view what);

/// Warns, after what `client` showed, if no controller answers its broker, because then that may be
/// an old state. `client` must not be used afterwards.
void warn_if_cut_off(std::string_view command, client::Client& client);

/// Warns about settings that the brokers accept although part of their effect is not built.
void warn_about(std::string_view command, const std::vector<client::Setting>& settings);

/// Prints on standard error that the broker has not finished the change of a topic yet.
void report_not_shown(std::string_view command, std::string_view topic);

/// Counts the successes and failures of a command that does several things.
class Tally {
public:
    explicit Tally(std::string_view command) : command_(command) {}

    void succeed() { ++successes_; }
    /// Counts a failure and prints it on standard error.
    void fail(const Error& error);

    /// Ok without failures, partial if some succeeded, else the code of the first failure.
    [[nodiscard]] ExitCode exit_code() const;

private:
    std::string_view command_;
    std::size_t successes_ = 0;
    ExitCode first_failure_ = ExitCode::ok;
};

/// How a command prints what it did to a topic.
struct OutcomePrinter {
    using Outcome = client::TopicOutcome;

    /// The text for a success, with line feeds.
    std::function<std::string(const Outcome&)> text;
    /// Adds fields of its own to the JSON object, which has the topic and the error.
    std::function<void(schema::JsonPrinter&, const Outcome&)> put_fields = [](schema::JsonPrinter&,
                                                                              const Outcome&) {};
};

/// Prints the outcome for each topic.
[[nodiscard]] ExitCode report_outcomes(std::string_view command, OutputFormat format,
                                       const std::vector<client::TopicOutcome>& outcomes,
                                       const OutcomePrinter& printer);

}  // namespace hw::cli
