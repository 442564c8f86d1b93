#include "storage/epoch_cache.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "storage/text_lines.h"

namespace hw::storage {

bool EpochCache::assign(LeaderEpoch epoch, Offset offset) {
    if (epoch < LeaderEpoch(0) || (!entries_.empty() && epoch <= entries_.back().epoch)) {
        return false;
    }
    // Drops an epoch that starts at the same offset, because it has no record.
    truncate_from_end(offset);
    entries_.push_back({epoch, offset});
    return true;
}

bool EpochCache::truncate_from_end(Offset end_offset) {
    const auto count = std::erase_if(
        entries_, [&](const EpochStart& entry) { return entry.start_offset >= end_offset; });
    return count != 0;
}

void EpochCache::truncate_from_start(Offset start_offset) {
    const auto after =
        std::ranges::upper_bound(entries_, start_offset, {}, &EpochStart::start_offset);
    if (after == entries_.begin()) {
        return;
    }
    const auto kept = entries_.erase(entries_.begin(), after - 1);
    kept->start_offset = start_offset;
}

EpochEnd EpochCache::end_offset_for(LeaderEpoch epoch, Offset log_end_offset) const {
    if (entries_.empty() || epoch < LeaderEpoch(0) || epoch > entries_.back().epoch) {
        return {};
    }
    const auto higher = std::ranges::upper_bound(entries_, epoch, {}, &EpochStart::epoch);
    if (higher == entries_.end()) {
        return {epoch, log_end_offset};
    }
    const LeaderEpoch found = higher == entries_.begin() ? epoch : std::prev(higher)->epoch;
    return {found, higher->start_offset};
}

std::optional<LeaderEpoch> EpochCache::epoch_at(Offset offset) const {
    const auto after = std::ranges::upper_bound(entries_, offset, {}, &EpochStart::start_offset);
    if (after == entries_.begin()) {
        return std::nullopt;
    }
    return std::prev(after)->epoch;
}

std::optional<EpochStart> EpochCache::latest() const {
    if (entries_.empty()) {
        return std::nullopt;
    }
    return entries_.back();
}

std::optional<std::string> epoch_problem(const record::BatchHeader& batch,
                                         const EpochCache& epochs) {
    const auto expected = epochs.epoch_at(batch.base_offset());
    if (!expected || batch.leader_epoch() == kNoLeaderEpoch || batch.leader_epoch() == *expected) {
        return std::nullopt;
    }
    return fmt::format("a batch has the leader epoch {}, {} was expected", batch.leader_epoch(),
                       *expected);
}

Result<EpochCache> parse_epoch_checkpoint(std::string_view text, std::string_view path) {
    HW_TRY(rows, parse_checkpoint(text, path, 2));
    constexpr std::size_t kFirstRow = 3;
    EpochCache epochs;
    for (const auto& row : rows) {
        const auto epoch = parse_number<std::int32_t>(row[0]);
        const auto start = parse_number<std::int64_t>(row[1]);
        const auto last = epochs.latest();
        const bool good =
            epoch && *epoch >= 0 && start && *start >= 0 &&
            (!last || (last->epoch < LeaderEpoch(*epoch) && last->start_offset < Offset(*start)));
        if (!good) {
            return fail(ErrorKind::corrupt,
                        "{}, line {}: expected an epoch and a start offset, both above those of "
                        "the line before",
                        path, kFirstRow + epochs.entries().size());
        }
        epochs.assign(LeaderEpoch(*epoch), Offset(*start));
    }
    return epochs;
}

std::string format_epoch_checkpoint(const EpochCache& epochs) {
    std::string rows;
    for (const auto& [epoch, start_offset] : epochs.entries()) {
        rows += fmt::format("{} {}\n", epoch, start_offset);
    }
    return format_checkpoint(epochs.entries().size(), rows);
}

}  // namespace hw::storage
