#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/cli/options.h"

/// Standard output: whether it could be written, JSON, and tables.
namespace hw::cli {

/// Prints on standard error that standard output could not be written, and why; `number` is a value
/// of errno.
void say_output_failed(int number);

/// Writes `text` to standard error unchanged. A failure is ignored: it could not be reported, and
/// does not change the outcome of the command.
void remark(const std::string& text);

/// Flushes standard output. A failure is reported once; from then on the result is false.
[[nodiscard]] bool flush_output();

/// Prints JSON objects to standard output as they are added, in an array or one per line.
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

/// Rows of text under a title row, in aligned columns. The last column is not padded.
class Table {
public:
    using Row = std::vector<std::string>;

    explicit Table(Row titles) : rows_{std::move(titles)} {}

    /// `row` has as many cells as the title row.
    void add(Row row) { rows_.push_back(std::move(row)); }

    [[nodiscard]] std::string text() const;

private:
    std::vector<Row> rows_;
};

}  // namespace hw::cli
