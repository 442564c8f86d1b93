#include "tools/cli/output.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace hw::cli {

void say_output_failed(int number) {
    remark(system_error(number, "hw: write to standard output").message + "\n");
}

void remark(const std::string& text) {
    // Not fmt::print, which would throw.
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

std::string Table::text() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const Row& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string text;
    for (const Row& row : rows_) {
        for (std::size_t i = 0; i + 1 < row.size(); ++i) {
            text += fmt::format("{:<{}}  ", row[i], widths[i]);
        }
        text += row.back() + '\n';
    }
    return text;
}

}  // namespace hw::cli
