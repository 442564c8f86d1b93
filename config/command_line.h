#pragma once

#include <cstddef>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.h"

/// The command line of a program with sub-commands: describing the commands, parsing arguments,
/// printing help, suggesting the name that was meant. The parser is Boost.Program_options, whose
/// headers and exceptions stay inside. No I/O.
namespace hw::config {

/// An option of a command.
struct Option {
    std::string_view name;                          ///< "partitions" for --partitions
    char letter = '\0';                             ///< 'p' for -p; '\0': no short form
    std::string_view value_name = {};               ///< "N"; empty: a flag, which takes no value
    std::string_view help;                          ///< a clause, without a full stop
    std::optional<std::string> default_value = {};  ///< not for flags, nor with `is_repeatable`
    bool is_repeatable = false;                     ///< may be given several times
};

/// How many operands a command takes, and what they are called.
struct Operands {
    static constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

    std::string_view name = {};  ///< "FILE"
    std::size_t least = 0;
    std::size_t most = 0;
};

/// A sub-command. The views are of literals.
struct Command {
    std::string_view name;     ///< one or two words: "log dump"
    std::string_view summary;  ///< its line in the help of the program
    std::string_view help;     ///< usage, effect and examples; the options are added to it
    std::vector<Option> options = {};
    Operands operands = {};
};

/// A program with its commands. `intro` and `outro` stand around the list of commands in its help.
struct Program {
    std::string_view name;  ///< "hw"
    std::string_view version;
    std::string_view intro;
    std::string_view outro;
    std::vector<Command> commands;
};

/// The arguments of a command: the values of its options, and its operands in their order.
class Arguments {
public:
    /// Whether an option was given or has a default.
    [[nodiscard]] bool has(std::string_view option) const { return options_.contains(option); }
    /// The value of an option that `has` one.
    [[nodiscard]] const std::string& value(std::string_view option) const;
    /// All values of an option that may be given several times, in their order.
    [[nodiscard]] std::vector<std::string> values(std::string_view option) const;
    [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }

    void add_option(std::string_view name, std::vector<std::string> values);
    void add_operand(std::string text) { operands_.push_back(std::move(text)); }

private:
    std::map<std::string, std::vector<std::string>, std::less<>> options_;
    std::vector<std::string> operands_;
};

/// The meaning of a process's arguments: a command to run, or a text to print.
struct Invocation {
    const Command* command = nullptr;  ///< one of the program's; null when `text` is to be printed
    Arguments arguments;
    std::string text;
};

/// Reads the arguments behind the program's name. Help is asked for by no argument at all,
/// `--help`, `help COMMAND`, `COMMAND --help`, and for the commands that share their first word
/// also by `WORD --help` and `WORD help COMMAND`. Errors: invalid, as a sentence for the user
/// that names the program or command, the fault, a similar name if there is one, and the help.
[[nodiscard]] Result<Invocation> read_arguments(const Program& program,
                                                std::span<const std::string> arguments);

}  // namespace hw::config
