#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "config/command_line.h"
#include "protocol/base/result.h"

namespace hw::cli {

using config::Arguments;
using config::Operands;
using config::Option;

/// The exit status of `hw`; scripts rely on it, so a number never changes its meaning.
enum class ExitCode : std::uint8_t {
    ok = 0,
    failed = 1,
    usage = 2,        ///< the command line is wrong; nothing was done
    not_found = 3,    ///< a named topic, partition or file does not exist
    unreachable = 4,  ///< no broker answered
    denied = 5,       ///< not allowed
    partial = 6,      ///< done for some topics, files or lines, failed for others
    /// Ctrl-C or SIGTERM ended the command early; a shell reports SIGINT by the same number.
    interrupted = 130,
};

[[nodiscard]] ExitCode exit_code_of(ErrorKind kind);

/// A command of `hw`: its arguments and help, and the function that runs it.
struct Command {
    config::Command spec;
    ExitCode (*run)(const Arguments& arguments);
};

/// The commands, in the order of the help.
[[nodiscard]] Command topic_create();
[[nodiscard]] Command topic_list();
[[nodiscard]] Command topic_describe();
[[nodiscard]] Command topic_alter();
[[nodiscard]] Command topic_delete();
[[nodiscard]] Command partition_list();
[[nodiscard]] Command partition_describe();
[[nodiscard]] Command partition_elect();
[[nodiscard]] Command group_list();
[[nodiscard]] Command group_describe();
[[nodiscard]] Command group_lag();
[[nodiscard]] Command group_watch();
[[nodiscard]] Command group_reset();
[[nodiscard]] Command group_delete();
[[nodiscard]] Command produce();
[[nodiscard]] Command consume();
[[nodiscard]] Command cluster_info();
[[nodiscard]] Command cluster_brokers();
[[nodiscard]] Command cluster_quorum();
[[nodiscard]] Command cluster_features();
[[nodiscard]] Command log_dump();
[[nodiscard]] Command perf_produce();
[[nodiscard]] Command perf_fetch();
[[nodiscard]] Command perf_latency();
[[nodiscard]] Command perf_group();
[[nodiscard]] Command perf_commit();
[[nodiscard]] Command perf_offsets();

/// Runs the command that `arguments` name, or prints the help that they ask for. Results go to
/// standard output, sentences about failures to standard error. Throws what
/// fmt::print throws: std::system_error when standard output cannot be written.
[[nodiscard]] ExitCode run_command_line(std::span<const Command> commands,
                                        std::span<const std::string> arguments);

}  // namespace hw::cli
