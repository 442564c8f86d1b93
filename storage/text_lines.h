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

/// Walks the lines of a small text file and words what is wrong with one of them. The text and the
/// path outlive it.
class TextLines {
public:
    TextLines(std::string_view text, std::string_view path) : rest_(text), path_(path) {}

    /// The next line without its end; none after the last.
    [[nodiscard]] std::optional<std::string_view> next();
    /// "<path>, line <n>: <reason>", kind corrupt; n is the line that `next` gave last.
    [[nodiscard]] std::unexpected<Error> bad(std::string_view reason) const;

private:
    std::string_view rest_;
    std::string_view path_;
    std::size_t number_ = 0;
};

/// A whole decimal number; none for anything else.
template <std::integral T>
[[nodiscard]] std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

/// A checkpoint of Kafka: a line "0" (version), a line with the number of rows, then the rows of
/// fields separated by one space each. Returns the rows; views into `text`.
/// Errors: corrupt (another version, another number of rows or fields), with path and line.
[[nodiscard]] Result<std::vector<std::vector<std::string_view>>> parse_checkpoint(
    std::string_view text, std::string_view path, std::size_t fields);

/// The same written: `rows` are lines with their ends.
[[nodiscard]] std::string format_checkpoint(std::size_t count, std::string_view rows);

}  // namespace hw::storage
