#include "storage/offset_checkpoint.h"

#include <cstdint>

#include <fmt/format.h>

#include "storage/text_lines.h"

namespace hw::storage {

Result<PartitionOffsets> parse_offset_checkpoint(std::string_view text, std::string_view path) {
    HW_TRY(rows, parse_checkpoint(text, path, 3));
    constexpr std::size_t kFirstRow = 3;
    PartitionOffsets offsets;
    for (const auto& row : rows) {
        const auto partition = parse_number<std::int32_t>(row[1]);
        const auto offset = parse_number<std::int64_t>(row[2]);
        const bool good = !row[0].empty() && partition && *partition >= 0 && offset && *offset >= 0;
        const std::size_t line = kFirstRow + offsets.size();
        if (!good) {
            return fail(ErrorKind::corrupt, "{}, line {}: expected topic, partition and offset",
                        path, line);
        }
        const TopicPartition name{std::string(row[0]), PartitionIndex(*partition)};
        if (!offsets.emplace(name, Offset(*offset)).second) {
            return fail(ErrorKind::corrupt, "{}, line {}: {} is given twice", path, line, name);
        }
    }
    return offsets;
}

std::string format_offset_checkpoint(const PartitionOffsets& offsets) {
    std::string rows;
    for (const auto& [name, offset] : offsets) {
        rows += fmt::format("{} {} {}\n", name.topic, name.partition, offset);
    }
    return format_checkpoint(offsets.size(), rows);
}

}  // namespace hw::storage
