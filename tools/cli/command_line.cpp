#include "tools/cli/command_line.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/nearest_name.h"
#include "tools/cli/output.h"

namespace hw::cli {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kOverview =
    R"(hw: the command line of highwater

Usage:
  hw COMMAND [OPTIONS] [OPERANDS]
  hw COMMAND --help    what a command does, with examples
  hw --version         the version

Commands:
)";

constexpr std::string_view kExitCodes =
    R"(
Exit status: 0 done, 1 failed, 2 wrong command line, 3 not found, 4 no broker answered,
5 not allowed, 6 done in part, 130 interrupted.
)";

constexpr unsigned kColumns = 100;
/// Longest name of a command, in words.
constexpr std::size_t kMaxWords = 2;

/// The arguments up to the first option, as many as a command's name may have.
std::vector<std::string> leading_words(std::span<const std::string> arguments) {
    const auto option = std::ranges::find_if(
        arguments, [](const std::string& argument) { return argument.starts_with('-'); });
    const auto count = std::min(static_cast<std::size_t>(option - arguments.begin()), kMaxWords);
    return {arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::size_t word_count(std::string_view name) {
    return static_cast<std::size_t>(std::ranges::count(name, ' ')) + 1;
}

/// The command whose name is the first `count` words.
const Command* find_command(std::span<const Command> commands, std::span<const std::string> words,
                            std::size_t count) {
    const std::string name = fmt::format("{}", fmt::join(words.first(count), " "));
    const auto found = std::ranges::find(commands, name, &Command::name);
    return found == commands.end() ? nullptr : &*found;
}

/// What may have been meant by words that name no command.
std::string hint(std::span<const Command> commands, std::span<const std::string> words) {
    std::vector<std::string_view> names;
    std::ranges::transform(commands, std::back_inserter(names), &Command::name);
    for (std::size_t count = words.size(); count > 0; --count) {
        const std::string tried = fmt::format("{}", fmt::join(words.first(count), " "));
        if (const auto nearest = config::nearest_name(names, tried)) {
            return fmt::format(" (did you mean 'hw {}'?)", *nearest);
        }
    }
    std::erase_if(names, [&](std::string_view name) { return !name.starts_with(words[0] + " "); });
    return names.empty() ? "" : fmt::format(" (there are: {})", fmt::join(names, ", "));
}

std::string lines_of(std::span<const Command> commands) {
    std::string text;
    for (const Command& command : commands) {
        text += fmt::format("  {:<19}  {}\n", command.name, command.summary);
    }
    return text;
}

/// The commands whose name begins with that word and goes on.
std::vector<Command> group_of(std::span<const Command> commands, const std::string& word) {
    std::vector<Command> group(commands.begin(), commands.end());
    std::erase_if(group, [&](const Command& each) { return !each.name.starts_with(word + " "); });
    return group;
}

bool asks_for_help(const std::string& argument) {
    return argument == "--help" || argument == "-h";
}

/// "help topic create" and "topic help create" as "topic create --help"; no words as "--help". The
/// "help" after a whole command is an operand: "produce help" names a topic.
std::vector<std::string> with_help_as_option(std::span<const Command> commands,
                                             std::span<const std::string> arguments) {
    std::vector<std::string> words(arguments.begin(), arguments.end());
    if (words.empty()) {
        return {"--help"};
    }
    const auto place = words.begin() + (group_of(commands, words.front()).empty() ? 0 : 1);
    if (place != words.end() && *place == "help") {
        words.erase(place);
        words.emplace_back("--help");
    }
    return words;
}

Result<const Command*> command_of(std::span<const Command> commands,
                                  std::span<const std::string> arguments) {
    const std::vector<std::string> words = leading_words(arguments);
    for (std::size_t count = words.size(); count > 0; --count) {
        if (const Command* command = find_command(commands, words, count)) {
            return command;
        }
    }
    if (words.empty()) {
        return fail(ErrorKind::invalid, "hw: '{}' stands where a command should; see 'hw --help'",
                    arguments.front());
    }
    if (const auto group = group_of(commands, words.front()); words.size() == 1 && !group.empty()) {
        return fail(ErrorKind::invalid,
                    "hw: '{}' is half a command; there are:\n{}See 'hw COMMAND --help'.",
                    words.front(), lines_of(group));
    }
    return fail(ErrorKind::invalid, "hw: '{}' is no command{}; see 'hw --help'",
                fmt::join(words, " "), hint(commands, words));
}

po::options_description options_of(const Command& command) {
    po::options_description options("Options", kColumns);
    options.add_options()("help,h", "show this");
    command.add_options(options);
    return options;
}

std::unexpected<Error> unknown_option(const Command& command,
                                      const po::options_description& options,
                                      const std::string& given) {
    std::vector<std::string> names;
    for (const auto& option : options.options()) {
        names.push_back("--" + option->long_name());
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto nearest = config::nearest_name(views, given.substr(0, given.find('=')));
    return fail(ErrorKind::invalid, "hw {0}: '{1}' is no option{2}; see 'hw {0} --help'",
                command.name, given, nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "");
}

Result<void> check_operands(const Command& command, const std::vector<std::string>& operands) {
    const auto& [name, least, most] = command.operands;
    if (operands.size() < least) {
        return fail(ErrorKind::invalid, "hw {0}: {1} is missing; see 'hw {0} --help'", command.name,
                    name);
    }
    if (operands.size() > most) {
        return fail(ErrorKind::invalid, "hw {0}: '{1}' is one too many; see 'hw {0} --help'",
                    command.name, operands[most]);
    }
    return {};
}

}  // namespace

Result<Invocation> parse_command_line(std::span<const Command> commands,
                                      std::span<const std::string> arguments) {
    const auto command = command_of(commands, arguments);
    if (!command) {
        return std::unexpected(command.error());
    }
    const auto rest = arguments.subspan(word_count((*command)->name));
    const po::options_description options = options_of(**command);
    const po::parsed_options parsed =
        po::command_line_parser({rest.begin(), rest.end()})
            .options(options)
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .allow_unregistered()
            .run();
    Invocation invocation{*command, {}};
    for (const auto& option : parsed.options) {
        if (option.unregistered) {
            return unknown_option(**command, options, option.original_tokens.front());
        }
        if (option.position_key >= 0) {
            invocation.arguments.operands.push_back(option.value.front());
        }
    }
    po::store(parsed, invocation.arguments.options);
    invocation.wants_help = invocation.arguments.options.contains("help");
    if (!invocation.wants_help) {
        po::notify(invocation.arguments.options);
        if (const auto checked = check_operands(**command, invocation.arguments.operands);
            !checked) {
            return std::unexpected(checked.error());
        }
    }
    return invocation;
}

std::string usage_error(std::span<const Command> commands, std::span<const std::string> arguments,
                        std::string_view why) {
    const auto command = command_of(commands, arguments);
    const std::string name = command ? fmt::format("hw {}", (*command)->name) : "hw";
    return fmt::format("{0}: {1}; see '{0} --help'", name, why);
}

std::string overview(std::span<const Command> commands) {
    return fmt::format("{}{}{}", kOverview, lines_of(commands), kExitCodes);
}

std::string help_of(const Command& command) {
    std::ostringstream options;
    options << options_of(command);
    return fmt::format("{}\n{}", command.help, options.str());
}

ExitCode run_command_line(std::span<const Command> commands, std::span<const std::string> given) {
    const std::vector<std::string> arguments = with_help_as_option(commands, given);
    const std::string& first = arguments.front();
    if (asks_for_help(first)) {
        fmt::print("{}", overview(commands));
        return ExitCode::ok;
    }
    const auto group = group_of(commands, first);
    if (!group.empty() && arguments.size() == 2 && asks_for_help(arguments[1])) {
        fmt::print("Commands:\n{}", lines_of(group));
        return ExitCode::ok;
    }
    if (first == "--version") {
        fmt::print("hw {}\n", HW_VERSION);
        return ExitCode::ok;
    }
    const auto invocation = parse_command_line(commands, arguments);
    if (!invocation) {
        remark(fmt::format("{}\n", invocation.error().message));
        return ExitCode::usage;
    }
    if (invocation->wants_help) {
        fmt::print("{}", help_of(*invocation->command));
        return ExitCode::ok;
    }
    return invocation->command->run(invocation->arguments);
}

}  // namespace hw::cli
