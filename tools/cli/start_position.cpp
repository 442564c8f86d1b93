#include "tools/cli/start_position.h"

#include <charconv>
#include <chrono>
#include <optional>

#include "tools/client/partition_io.h"

namespace hw::cli {
namespace {

using std::chrono::milliseconds;

/// Takes the parts of a time off a text, from its start.
class TimeText {
public:
    explicit TimeText(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool is_empty() const { return rest_.empty(); }
    [[nodiscard]] bool starts_with(char c) const { return rest_.starts_with(c); }

    [[nodiscard]] bool take(char c) {
        if (!rest_.starts_with(c)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    /// A number of exactly that many digits.
    [[nodiscard]] std::optional<int> take_number(std::size_t digits) {
        int number = 0;
        const std::string_view text = rest_.substr(0, digits);
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end != text.data() + digits || text.front() == '-') {
            return std::nullopt;
        }
        rest_.remove_prefix(digits);
        return number;
    }

    /// A number of two digits below `end`, after the separator.
    [[nodiscard]] std::optional<int> take_pair(char separator, int end) {
        if (!take(separator)) {
            return std::nullopt;
        }
        const auto number = take_number(2);
        return number && *number < end ? number : std::nullopt;
    }

private:
    std::string_view rest_;
};

std::optional<milliseconds> take_date(TimeText& text) {
    const auto year = text.take_number(4);
    const auto month = text.take_pair('-', 13);
    const auto day = text.take_pair('-', 32);
    if (!year || !month || !day) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date).time_since_epoch();
}

/// Seconds and milliseconds, which may be missing.
std::optional<milliseconds> take_seconds(TimeText& text) {
    if (!text.starts_with(':')) {
        return milliseconds(0);
    }
    const auto seconds = text.take_pair(':', 60);
    if (!seconds) {
        return std::nullopt;
    }
    milliseconds time = std::chrono::seconds(*seconds);
    if (text.take('.')) {
        const auto thousandths = text.take_number(3);
        if (!thousandths) {
            return std::nullopt;
        }
        time += milliseconds(*thousandths);
    }
    return time;
}

std::optional<milliseconds> take_time_of_day(TimeText& text) {
    const auto hours = text.take_pair('T', 24);
    const auto minutes = text.take_pair(':', 60);
    const auto seconds = take_seconds(text);
    if (!hours || !minutes || !seconds) {
        return std::nullopt;
    }
    return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + *seconds;
}

/// How far the zone is ahead of UTC.
std::optional<milliseconds> take_zone(TimeText& text) {
    if (text.is_empty() || text.take('Z')) {
        return milliseconds(0);
    }
    const int sign = text.take('-') ? -1 : 1;
    const auto hours = sign < 0 ? text.take_number(2) : text.take_pair('+', 24);
    const auto minutes = text.take_pair(':', 60);
    if (!hours || !minutes) {
        return std::nullopt;
    }
    return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
}

std::optional<Timestamp> parse_time(std::string_view whole) {
    TimeText text(whole);
    const auto date = take_date(text);
    if (!date) {
        return std::nullopt;
    }
    if (text.is_empty()) {
        return Timestamp(date->count());
    }
    const auto time_of_day = take_time_of_day(text);
    const auto zone = take_zone(text);
    if (!time_of_day || !zone || !text.is_empty()) {
        return std::nullopt;
    }
    return Timestamp((*date + *time_of_day - *zone).count());
}

}  // namespace

Result<StartPosition> parse_start_position(std::string_view text) {
    if (text == "beginning") {
        return client::kLogStart;
    }
    if (text == "end") {
        return client::kLogEnd;
    }
    std::int64_t offset = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
    if (error == std::errc{} && end == text.data() + text.size() && offset >= 0) {
        return Offset(offset);
    }
    // A time before 1970 would be one of the numbers that mean an end of the log.
    if (const auto time = parse_time(text); time && *time >= Timestamp(0)) {
        return *time;
    }
    return fail(ErrorKind::invalid,
                "--from {} is none of beginning, end, an offset, and a time since 1970 such as "
                "2026-11-23T10:30:00Z",
                text);
}

}  // namespace hw::cli
