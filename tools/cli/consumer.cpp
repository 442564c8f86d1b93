#include "tools/cli/consumer.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "protocol/record/batch_cursor.h"

namespace hw::cli {
namespace {

using std::chrono::milliseconds;

/// Parses a time in ISO 8601 part by part, from the start of a text.
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

Result<StartPosition> parse_start_position(std::string_view option, std::string_view text) {
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
    // Negative timestamps are reserved for the ends of the log.
    if (const auto time = parse_time(text); time && *time >= Timestamp(0)) {
        return *time;
    }
    return fail(ErrorKind::invalid,
                "--{} '{}' must be beginning, end, an offset, or a time since 1970 such as "
                "2026-11-23T10:30:00Z",
                option, text);
}

Result<void> Consumer::start(const std::vector<PartitionIndex>& partitions) {
    for (const PartitionIndex partition : partitions) {
        const auto part = start_of(partition);
        if (!part) {
            parts_.clear();
            return std::unexpected(part.error());
        }
        parts_.push_back(*part);
    }
    return {};
}

Result<void> Consumer::resume(const std::vector<Commitment>& partitions) {
    parts_.clear();
    for (const auto& [partition, committed] : partitions) {
        HW_TRY(part, committed ? resumption_of(partition, *committed) : start_of(partition));
        parts_.push_back(part);
    }
    return {};
}

Result<Consumer::Part> Consumer::start_of(PartitionIndex partition) {
    const client::PartitionName name{options_.topic, partition};
    HW_TRY(end_offset, client::offset_at(*client_, name, client::kLogEnd));
    if (const auto* time = std::get_if<Timestamp>(&options_.start)) {
        HW_TRY(found, client::offset_at(*client_, name, *time));
        return Part{{partition, found}, end_offset};
    }
    const Offset wanted = std::get<Offset>(options_.start);
    HW_TRY(start_offset, client::offset_at(*client_, name, client::kLogStart));
    if (wanted < start_offset || wanted > end_offset) {
        return fail(ErrorKind::limit,
                    "offset {} is not in partition {}, which starts at {} and ends at {}; try "
                    "--from beginning",
                    wanted, client::to_string(name), start_offset, end_offset);
    }
    return Part{{partition, wanted}, end_offset};
}

Result<Consumer::Part> Consumer::resumption_of(PartitionIndex partition, Offset committed) {
    const client::PartitionName name{options_.topic, partition};
    HW_TRY(start_offset, client::offset_at(*client_, name, client::kLogStart));
    HW_TRY(end_offset, client::offset_at(*client_, name, client::kLogEnd));
    return Part{{partition, std::clamp(committed, start_offset, end_offset)}, end_offset};
}

std::vector<client::Position> Consumer::positions() const {
    std::vector<client::Position> positions;
    for (const Part& part : parts_) {
        if (!is_finished(part)) {
            positions.push_back(part.position);
        }
    }
    return positions;
}

std::vector<client::Position> Consumer::all_positions() const {
    std::vector<client::Position> positions;
    std::ranges::transform(parts_, std::back_inserter(positions), &Part::position);
    return positions;
}

Result<void> Consumer::poll() {
    HW_TRY(answers, client::fetch(*client_, options_.topic, positions(), kMaxWait));
    for (const client::FetchAnswer& answer : answers) {
        HW_TRY_VOID(read_answer(*answer));
    }
    return {};
}

Result<void> Consumer::read_answer(const schema::FetchResponse& response) {
    for (const auto& topic : response.responses) {
        for (const auto& partition : topic.partitions) {
            HW_TRY_VOID(read(partition));
        }
    }
    return {};
}

Result<void> Consumer::read(const schema::FetchResponse::Partition& partition) {
    const auto part = std::ranges::find(parts_, partition.partition_index,
                                        [](const Part& each) { return each.position.partition; });
    if (part == parts_.end()) {
        return fail(ErrorKind::corrupt, "the broker sent partition {}, which was not requested",
                    partition.partition_index);
    }
    for (const ByteView slice : partition.records) {
        record::BatchCursor batches(slice);
        while (const auto batch = batches.next()) {
            if (const auto done = read_batch(*batch, *part); !done) {
                const client::PartitionName name{options_.topic, partition.partition_index};
                return fail(done.error().kind, "partition {}, batch at offset {}: {}",
                            client::to_string(name), batch->base_offset(), done.error().message);
            }
        }
        // The last batch may be cut off where the response was full; it is fetched again. The
        // first batch is always complete.
        const bool is_stuck = batches.position() == 0 && !slice.empty();
        if (batches.end() == record::BatchesEnd::bad || is_stuck) {
            const auto status = batches.status();
            const client::PartitionName name{options_.topic, partition.partition_index};
            return fail(status.error().kind, "partition {}, from offset {} on: {}",
                        client::to_string(name), part->position.next_offset,
                        status.error().message);
        }
    }
    return {};
}

Result<void> Consumer::read_batch(const record::BatchView& batch, Part& part) {
    if (!batch.crc_matches()) {
        return fail(ErrorKind::corrupt, "the CRC in its header is {}, the computed CRC is {}",
                    batch.crc(), batch.computed_crc());
    }
    const auto codec = batch.codec();
    if (!codec) {
        return fail(ErrorKind::unsupported, "unknown codec number {}", batch.codec_number());
    }
    if (batch.last_offset() < part.position.next_offset) {
        return fail(ErrorKind::corrupt, "it ends at offset {}, but {} or higher was expected",
                    batch.last_offset(), part.position.next_offset);
    }
    if (!batch.is_control()) {
        Buffer plain;
        if (*codec != record::Codec::none) {
            HW_TRY(decompressed, decompressor_.decompress(*codec, batch.records()));
            plain = std::move(decompressed);
        }
        record::RecordCursor records(
            batch, *codec == record::Codec::none ? batch.records() : plain.view());
        if (!hand_on(records, part)) {
            return {};
        }
        HW_TRY_VOID(records.status());
    }
    part.position.next_offset = batch.last_offset() + 1;
    return {};
}

bool Consumer::hand_on(record::RecordCursor& records, Part& part) {
    while (left() > 0) {
        const auto record = records.next();
        if (!record) {
            return true;
        }
        if (record->offset < part.position.next_offset) {
            continue;
        }
        if (options_.at_end == AtEnd::stop && record->offset >= part.end_offset) {
            part.position.next_offset = part.end_offset;
            return false;
        }
        handler_(part.position.partition, *record);
        ++delivered_;
        part.position.next_offset = record->offset + 1;
    }
    return false;
}

}  // namespace hw::cli
