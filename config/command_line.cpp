#include "config/command_line.h"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <utility>

#include <boost/program_options/cmdline.hpp>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <boost/program_options/variables_map.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/most_similar_name.h"
#include "protocol/base/assert.h"

namespace hw::config {
namespace {

namespace po = boost::program_options;

using Texts = std::vector<std::string>;

constexpr unsigned kColumns = 100;
/// Words in the longest name of a command.
constexpr std::size_t kMaxWords = 2;

std::size_t word_count(std::string_view name) {
    return static_cast<std::size_t>(std::ranges::count(name, ' ')) + 1;
}

bool asks_for_help(std::string_view argument) {
    return argument == "--help" || argument == "-h";
}

/// The arguments before the first option, at most kMaxWords of them.
std::span<const std::string> leading_words(std::span<const std::string> arguments) {
    const auto option = std::ranges::find_if(
        arguments, [](const std::string& argument) { return argument.starts_with('-'); });
    return arguments.first(
        std::min(static_cast<std::size_t>(option - arguments.begin()), kMaxWords));
}

std::string joined(std::span<const std::string> words) {
    return fmt::format("{}", fmt::join(words, " "));
}

std::vector<Command> commands_after(const Program& program, const std::string& word) {
    std::vector<Command> group = program.commands;
    std::erase_if(group, [&](const Command& each) { return !each.name.starts_with(word + " "); });
    return group;
}

/// One line for each of `commands`, aligned as in the list of all commands of the program.
std::string lines_of(const Program& program, std::span<const Command> commands) {
    std::size_t width = 0;
    for (const Command& command : program.commands) {
        width = std::max(width, command.name.size());
    }
    std::string text;
    for (const Command& command : commands) {
        text += fmt::format("  {:<{}}  {}\n", command.name, width, command.summary);
    }
    return text;
}

std::string overview(const Program& program) {
    return fmt::format("{}\nCommands:\n{}\n{}", program.intro, lines_of(program, program.commands),
                       program.outro);
}

/// Turns "help topic create" and "topic help create" into "topic create --help", and no arguments
/// into "--help". After a complete command "help" is an operand: "produce help" names a topic.
Texts with_help_as_option(const Program& program, std::span<const std::string> arguments) {
    Texts words(arguments.begin(), arguments.end());
    if (words.empty()) {
        return {"--help"};
    }
    const auto place = words.begin() + (commands_after(program, words.front()).empty() ? 0 : 1);
    if (place != words.end() && *place == "help") {
        words.erase(place);
        words.emplace_back("--help");
    }
    return words;
}

/// " (did you mean '...'?)" with the one of `names` that is similar to `given`; empty if none is.
std::string suggestion(std::span<const std::string> names, std::string_view given,
                       std::string_view prefix) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto nearest = most_similar_name(views, given);
    return nearest ? fmt::format(" (did you mean '{}{}'?)", prefix, *nearest) : "";
}

std::string near_commands(const Program& program, std::span<const std::string> words) {
    Texts names;
    std::ranges::transform(program.commands, std::back_inserter(names),
                           [](const Command& each) { return std::string(each.name); });
    for (std::size_t count = words.size(); count > 0; --count) {
        const std::string hint =
            suggestion(names, joined(words.first(count)), fmt::format("{} ", program.name));
        if (!hint.empty()) {
            return hint;
        }
    }
    Texts group;
    std::ranges::transform(commands_after(program, words.front()), std::back_inserter(group),
                           [](const Command& each) { return std::string(each.name); });
    return group.empty() ? "" : fmt::format(" (known: {})", fmt::join(group, ", "));
}

Result<const Command*> find_command(const Program& program,
                                    std::span<const std::string> arguments) {
    const auto words = leading_words(arguments);
    for (std::size_t count = words.size(); count > 0; --count) {
        const auto found =
            std::ranges::find(program.commands, joined(words.first(count)), &Command::name);
        if (found != program.commands.end()) {
            return &*found;
        }
    }
    if (words.empty()) {
        const Texts own_options{"--help", "--version"};
        return fail(ErrorKind::invalid, "{0}: expected a command before '{1}'{2}; see '{0} --help'",
                    program.name, arguments.front(),
                    suggestion(own_options, arguments.front(), fmt::format("{} ", program.name)));
    }
    const auto group = commands_after(program, words.front());
    if (words.size() == 1 && !group.empty()) {
        return fail(ErrorKind::invalid,
                    "{0}: '{1}' is not a complete command; the commands are:\n{2}See '{0} COMMAND "
                    "--help'.",
                    program.name, words.front(), lines_of(program, group));
    }
    return fail(ErrorKind::invalid, "{0}: unknown command '{1}'{2}; see '{0} --help'", program.name,
                joined(words), near_commands(program, words));
}

/// The parser of one command's arguments, on top of Boost.Program_options.
class Parser {
public:
    Parser(const Program& program, const Command& command)
        : command_(&command),
          title_(fmt::format("{} {}", program.name, command.name)),
          described_("Options", kColumns) {
        described_.add_options()("help,h", "show this help");
        for (const Option& option : command.options) {
            describe(option);
        }
    }

    [[nodiscard]] std::string help() const {
        std::ostringstream options;
        options << described_;
        return fmt::format("{}\n{}", command_->help, options.str());
    }
    /// Errors: invalid.
    [[nodiscard]] Result<Invocation> parse(std::span<const std::string> arguments) const;

private:
    void describe(const Option& option);
    [[nodiscard]] Result<Invocation> take(const po::parsed_options& parsed) const;
    [[nodiscard]] std::unexpected<Error> unknown_option(const std::string& given) const;
    [[nodiscard]] Result<void> check_operands(const Texts& operands) const;

    /// Every error about the arguments of this command has this form.
    [[nodiscard]] std::unexpected<Error> complain(std::string_view sentence) const {
        return fail(ErrorKind::invalid, "{0}: {1}; see '{0} --help'", title_, sentence);
    }

    const Command* command_;
    std::string title_;
    po::options_description described_;
};

void Parser::describe(const Option& option) {
    const std::string names = option.letter == '\0'
                                  ? std::string(option.name)
                                  : fmt::format("{},{}", option.name, option.letter);
    const std::string help(option.help);
    const std::string value_name(option.value_name);
    if (option.value_name.empty()) {
        described_.add_options()(names.c_str(), help.c_str());
    } else if (option.is_repeatable) {
        described_.add_options()(names.c_str(), po::value<Texts>()->value_name(value_name),
                                 help.c_str());
    } else {
        auto* value = po::value<std::string>()->value_name(value_name);
        if (option.default_value) {
            value->default_value(*option.default_value);
        }
        described_.add_options()(names.c_str(), value, help.c_str());
    }
}

Result<Invocation> Parser::parse(std::span<const std::string> arguments) const {
    constexpr int kStyle =
        po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    try {
        return take(po::command_line_parser({arguments.begin(), arguments.end()})
                        .options(described_)
                        .style(kStyle)
                        .allow_unregistered()
                        .run());
    } catch (const po::error& wrong) {
        return complain(wrong.what());
    }
}

Result<Invocation> Parser::take(const po::parsed_options& parsed) const {
    Invocation invocation{.command = command_, .arguments = {}, .text = {}};
    for (const auto& option : parsed.options) {
        if (option.unregistered) {
            return unknown_option(option.original_tokens.front());
        }
        if (option.position_key >= 0) {
            invocation.arguments.add_operand(option.value.front());
        }
    }
    po::variables_map values;
    po::store(parsed, values);
    if (values.contains("help")) {
        return Invocation{.command = nullptr, .arguments = {}, .text = help()};
    }
    for (const Option& option : command_->options) {
        const auto found = values.find(std::string(option.name));
        if (found == values.end()) {
            continue;
        }
        Texts texts;
        if (option.is_repeatable) {
            texts = found->second.as<Texts>();
        } else if (!option.value_name.empty()) {
            texts.push_back(found->second.as<std::string>());
        }
        invocation.arguments.add_option(option.name, std::move(texts));
    }
    HW_TRY_VOID(check_operands(invocation.arguments.operands()));
    return invocation;
}

std::unexpected<Error> Parser::unknown_option(const std::string& given) const {
    const std::string name = given.substr(0, given.find('='));
    Texts names;
    for (const auto& option : described_.options()) {
        names.push_back("--" + option->long_name());
    }
    return complain(fmt::format("unknown option '{}'{}", name, suggestion(names, name, "")));
}

Result<void> Parser::check_operands(const Texts& operands) const {
    const auto& [name, min_count, max_count] = command_->operands;
    if (operands.size() < min_count) {
        return complain(fmt::format("missing argument {}", name));
    }
    if (operands.size() > max_count) {
        return complain(fmt::format("unexpected argument '{}'", operands[max_count]));
    }
    return {};
}

}  // namespace

const std::string& Arguments::value(std::string_view option) const {
    const auto found = options_.find(option);
    HW_ASSERT(found != options_.end());
    HW_ASSERT(found->second.size() == 1);
    return found->second.front();
}

std::vector<std::string> Arguments::values(std::string_view option) const {
    const auto found = options_.find(option);
    return found == options_.end() ? std::vector<std::string>() : found->second;
}

void Arguments::add_option(std::string_view name, std::vector<std::string> values) {
    options_.insert_or_assign(std::string(name), std::move(values));
}

Result<Invocation> read_arguments(const Program& program, std::span<const std::string> given) {
    const Texts arguments = with_help_as_option(program, given);
    const std::string& first = arguments.front();
    const auto print = [](std::string text) {
        return Invocation{.command = nullptr, .arguments = {}, .text = std::move(text)};
    };
    if (asks_for_help(first)) {
        return print(overview(program));
    }
    if (first == "--version") {
        return print(fmt::format("{} {}\n", program.name, program.version));
    }
    const auto group = commands_after(program, first);
    if (!group.empty() && arguments.size() == 2 && asks_for_help(arguments[1])) {
        return print(fmt::format("Commands:\n{}", lines_of(program, group)));
    }
    HW_TRY(command, find_command(program, arguments));
    const auto rest = std::span(arguments).subspan(word_count(command->name));
    return Parser(program, *command).parse(rest);
}

}  // namespace hw::config
