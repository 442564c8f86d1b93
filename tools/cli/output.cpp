#include "tools/cli/output.h"

#include <cerrno>
#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace hw::cli {

namespace po = boost::program_options;

void add_output_option(po::options_description& options) {
    options.add_options()("output,o",
                          po::value<std::string>()->value_name("FORMAT")->default_value("text"),
                          "text, json (one array) or ndjson (one object a line)");
}

Result<OutputFormat> output_format(const Arguments& arguments) {
    const auto& name = arguments.options["output"].as<std::string>();
    if (name == "text") {
        return OutputFormat::text;
    }
    if (name == "json") {
        return OutputFormat::json;
    }
    if (name == "ndjson") {
        return OutputFormat::ndjson;
    }
    return fail(ErrorKind::invalid, "--output {} is no format; there are text, json and ndjson",
                name);
}

void say_output_failed(int number) {
    remark(system_error(number, "hw: write to standard output").message + "\n");
}

void remark(const std::string& text) {
    // Not by fmt, which would throw.
    std::fputs(text.c_str(), stderr);
}

bool flush_output() {
    const bool has_failed = std::ferror(stdout) != 0;
    if (std::fflush(stdout) == 0) {
        return !has_failed;
    }
    if (!has_failed) {
        say_output_failed(errno);
    }
    return false;
}

void JsonItems::add(std::string_view object) {
    if (format_ == OutputFormat::json) {
        fmt::print("{}{}", has_items_ ? ",\n" : "[\n", object);
    } else {
        fmt::print("{}\n", object);
    }
    has_items_ = true;
}

void JsonItems::finish() {
    if (format_ == OutputFormat::json) {
        fmt::print("{}]\n", has_items_ ? "\n" : "[");
    }
}

}  // namespace hw::cli
