#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "protocol/base/result.h"

namespace hw::storage {

/// Reads the one-line JSON of Kafka's small files: objects, arrays, whole numbers and strings
/// without escapes; anything else is refused. The first violation stops it for good, as with
/// wire::Reader. The text and the path outlive it.
class JsonReader {
public:
    JsonReader(std::string_view text, std::string_view path) : text_(text), path_(path) {}

    /// Calls `member` for each key; it reads the value.
    void object(const std::function<void(std::string_view key)>& member);
    /// Calls `element` for each element; it reads it.
    void array(const std::function<void()>& element);
    [[nodiscard]] std::int64_t integer();
    [[nodiscard]] std::string_view string();

    /// Stops the reader; the first reason stays.
    void fail_at(std::string reason);
    /// Success if nothing failed and nothing is left. Errors: corrupt, with path and position.
    [[nodiscard]] Result<void> finish();

private:
    void skip_space();
    [[nodiscard]] bool take(char expected);
    void expect(char expected);
    void sequence(char open, char close, const std::function<void()>& element);

    std::string_view text_;
    std::string_view path_;
    std::size_t position_ = 0;
    std::string failure_;
    std::size_t failed_at_ = 0;
};

}  // namespace hw::storage
