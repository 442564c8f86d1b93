#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options.hpp>

#include "tools/cli/exit_code.h"

namespace hw::cli {

/// What follows a command: its options, and the operands among them in their order.
struct Arguments {
    boost::program_options::variables_map options;
    std::vector<std::string> operands;
};

/// How many operands a command takes, and what they are called.
struct Operands {
    static constexpr std::size_t kAny = std::numeric_limits<std::size_t>::max();

    std::string_view name;  ///< "FILE"
    std::size_t least = 0;
    std::size_t most = 0;
};

/// One row of the table of commands. The texts are literals.
struct Command {
    std::string_view name;     ///< the words after `hw`: "log dump"
    std::string_view summary;  ///< a line of `hw --help`
    std::string_view help;     ///< usage, effect and examples; `hw NAME --help` adds the options
    Operands operands;
    /// Adds its options; `help` is there already.
    void (*add_options)(boost::program_options::options_description& options);
    ExitCode (*run)(const Arguments& arguments);
};

}  // namespace hw::cli
