#include "storage/json_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "storage/text_lines.h"

namespace hw::storage {

void JsonReader::skip_space() {
    constexpr std::string_view kSpace = " \t\r\n";
    position_ = std::min(text_.find_first_not_of(kSpace, position_), text_.size());
}

bool JsonReader::take(char expected) {
    skip_space();
    if (!failure_.empty() || position_ == text_.size() || text_[position_] != expected) {
        return false;
    }
    ++position_;
    return true;
}

void JsonReader::expect(char expected) {
    if (!take(expected)) {
        fail_at(fmt::format("expected '{}'", expected));
    }
}

void JsonReader::fail_at(std::string reason) {
    if (failure_.empty()) {
        failure_ = std::move(reason);
        failed_at_ = position_;
    }
}

void JsonReader::sequence(char open, char close, const std::function<void()>& element) {
    expect(open);
    if (take(close)) {
        return;
    }
    do {
        element();
    } while (take(','));
    expect(close);
}

void JsonReader::object(const std::function<void(std::string_view)>& member) {
    sequence('{', '}', [&] {
        const std::string_view key = string();
        expect(':');
        if (failure_.empty()) {
            member(key);
        }
    });
}

void JsonReader::array(const std::function<void()>& element) {
    sequence('[', ']', element);
}

std::int64_t JsonReader::integer() {
    skip_space();
    const std::size_t end =
        std::min(text_.find_first_not_of("-0123456789", position_), text_.size());
    const auto value = parse_number<std::int64_t>(text_.substr(position_, end - position_));
    if (!value) {
        fail_at("expected a whole number");
        return 0;
    }
    position_ = end;
    return *value;
}

std::string_view JsonReader::string() {
    expect('"');
    const std::size_t end = text_.find_first_of("\"\\", position_);
    if (end == std::string_view::npos || text_[end] != '"') {
        fail_at("expected a string without escapes");
        return {};
    }
    const std::string_view value = text_.substr(position_, end - position_);
    position_ = end + 1;
    return value;
}

Result<void> JsonReader::finish() {
    skip_space();
    if (position_ != text_.size()) {
        fail_at("expected the end");
    }
    if (!failure_.empty()) {
        return fail(ErrorKind::corrupt, "{}, byte {}: {}", path_, failed_at_, failure_);
    }
    return {};
}

}  // namespace hw::storage
