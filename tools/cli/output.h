#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/base/result.h"
#include "tools/cli/command.h"

namespace hw::cli {

enum class OutputFormat : std::uint8_t {
    text,    ///< for people
    json,    ///< one array
    ndjson,  ///< one object a line
};

void add_output_option(boost::program_options::options_description& options);

/// Errors: invalid.
[[nodiscard]] Result<OutputFormat> output_format(const Arguments& arguments);

/// Says on standard error that standard output could not be written, for a reason of errno.
void say_output_failed(int number);

/// To standard error, as it is. Where that cannot be written nobody reads it, and the outcome of
/// the command is what it is: so a failure is passed over.
void remark(const std::string& text);

/// Writes out what was printed. A failure is said once, and stays: false from then on.
[[nodiscard]] bool flush_output();

/// JSON objects to standard output, each when it is added; in an array or one a line.
class JsonItems {
public:
    explicit JsonItems(OutputFormat format) : format_(format) {}

    void add(std::string_view object);
    /// Ends the array; once, after the last object.
    void finish();

private:
    OutputFormat format_;
    bool has_items_ = false;
};

}  // namespace hw::cli
