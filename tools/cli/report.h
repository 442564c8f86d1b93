#pragma once

#include <string_view>
#include <vector>

#include "tools/cli/exit_code.h"
#include "tools/cli/output.h"
#include "tools/client/topic_admin.h"

namespace hw::cli {

/// Says on standard error why a command did nothing, and where its help is when that is wrong
/// usage; gives the exit code of it.
ExitCode report(std::string_view command, const Error& error);

/// Says on standard error what a user should know of what was done.
void warn(std::string_view command, std::string_view what);

/// Counts what became of the things that a command was given.
class Tally {
public:
    explicit Tally(std::string_view command) : command_(command) {}

    void succeed() { ++successes_; }
    /// Says what went wrong with one of them, on standard error.
    void fail(const Error& error);

    /// Ok, the code of the first failure, or partial when some succeeded.
    [[nodiscard]] ExitCode exit_code() const;

private:
    std::string_view command_;
    std::size_t successes_ = 0;
    ExitCode first_failure_ = ExitCode::ok;
};

/// Prints what became of topics: as text "Created topic orders." for `done` = "Created".
[[nodiscard]] ExitCode report_outcomes(std::string_view command, std::string_view done,
                                       OutputFormat format,
                                       const std::vector<client::TopicOutcome>& outcomes);

}  // namespace hw::cli
