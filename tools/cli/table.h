#pragma once

#include <string>
#include <vector>

namespace hw::cli {

/// Rows of text under a title row, in columns that align. The last column is not padded.
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
