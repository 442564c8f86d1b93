#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/result.h"

namespace hw::storage {

/// Iterator over the lines of a small text file, which also makes errors that name the line. The
/// text and the path must outlive it.
class TextLines {
public:
    TextLines(std::string_view text, std::string_view path) : rest_(text), path_(path) {}

    /// The next line without its end; none after the last.
    [[nodiscard]] std::optional<std::string_view> next();
    /// "<path>, line <n>: <reason>", kind corrupt, for the line that `next` returned last.
    [[nodiscard]] std::unexpected<Error> bad(std::string_view reason) const;

private:
    std::string_view rest_;
    std::string_view path_;
    std::size_t number_ = 0;
};

/// The value of a text that is entirely a decimal number; none for anything else.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// Parses Kafka's checkpoint format: a line "0" (version), a line with the number of rows, then the
/// rows, whose fields are separated by one space. Returns the rows as views into `text`.
/// Errors: corrupt (another version, a wrong number of rows or fields), with path and line.
[[nodiscard]] Result<std::vector<std::vector<std::string_view>>> parse_checkpoint(
    std::string_view text, std::string_view path, std::size_t fields);

/// Formats a checkpoint; each line in `rows` ends with a newline.
[[nodiscard]] std::string format_checkpoint(std::size_t count, std::string_view rows);

}  // namespace hw::storage
