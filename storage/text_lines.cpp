#include "storage/text_lines.h"

#include <algorithm>

#include <fmt/format.h>

namespace hw::storage {
namespace {

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> fields;
    while (true) {
        const std::size_t space = line.find(' ');
        fields.push_back(line.substr(0, space));
        if (space == std::string_view::npos) {
            return fields;
        }
        line.remove_prefix(space + 1);
    }
}

}  // namespace

std::optional<std::string_view> TextLines::next() {
    ++number_;
    if (rest_.empty()) {
        return std::nullopt;
    }
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return line;
}

std::unexpected<Error> TextLines::bad(std::string_view reason) const {
    return fail(ErrorKind::corrupt, "{}, line {}: {}", path_, number_, reason);
}

Result<std::vector<std::vector<std::string_view>>> parse_checkpoint(std::string_view text,
                                                                    std::string_view path,
                                                                    std::size_t fields) {
    TextLines lines(text, path);
    if (lines.next() != "0") {
        return lines.bad("expected the version 0");
    }
    const auto count_line = lines.next();
    const auto count = parse_number<std::size_t>(count_line.value_or(""));
    if (!count) {
        return lines.bad("expected the number of entries");
    }
    std::vector<std::vector<std::string_view>> rows;
    while (const auto line = lines.next()) {
        rows.push_back(split(*line));
        if (rows.back().size() != fields || rows.back().back().empty()) {
            return lines.bad(fmt::format("expected {} fields", fields));
        }
    }
    if (rows.size() != *count) {
        return lines.bad(fmt::format("{} entries follow, {} were expected", rows.size(), *count));
    }
    return rows;
}

std::string format_checkpoint(std::size_t count, std::string_view rows) {
    return fmt::format("0\n{}\n{}", count, rows);
}

}  // namespace hw::storage
