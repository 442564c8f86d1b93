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
/// printing help, suggesting similar names. The parser is Boost.Program_options, whose
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
    std::size_t min_count = 0;
    std::size_t max_count = 0;
};

/// A sub-command. Its string views point to literals.
struct Command {
    std::string_view name;     ///< one or two words: "log dump"
    std::string_view summary;  ///< its line in the help of the program
    std::string_view help;     ///< usage, effect and examples; the options are added to it
    std::vector<Option> options = {};
    Operands operands = {};
};

/// A program with its commands. Its help is `intro`, the list of commands, and `outro`.
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
    /// The only value of an option for which `has` is true.
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

/// Reads the arguments after the program's name. No arguments, `--help`, `help COMMAND` and
/// `COMMAND --help` print help, and so do `WORD --help` and `WORD help COMMAND` where WORD is the
/// first word of several commands. Errors: invalid, with a sentence for the user that names the
/// program or command, the mistake, a similar name if there is one, and how to get help.
[[nodiscard]] Result<Invocation> read_arguments(const Program& program,
                                                std::span<const std::string> arguments);

}  // namespace hw::config
