#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/cli/options.h"

/// Standard output: whether it could be written, JSON, and tables.
namespace hw::cli {

/// Says on standard error that standard output could not be written, with the reason for `number`,
/// a value of errno.
void say_output_failed(int number);

/// Writes `text` to standard error as it is. A failure is ignored: nobody reads standard error
/// then, and the outcome of the command stays what it is.
void remark(const std::string& text);

/// Writes out what was printed. A failure is reported once, and stays: false from then on.
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

/// Rows of text under a title row, in aligned columns. The last column is not padded.
class Table {
public:
    using Row = std::vector<std::string>;

    explicit Table(Row titles) : rows_{std::move(titles)} {}

    /// As many cells as there are titles.
    void add(Row row) { rows_.push_back(std::move(row)); }

    [[nodiscard]] std::string text() const;

private:
    std::vector<Row> rows_;
};

}  // namespace hw::cli
