#include "storage/epoch_cache.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include <fmt/format.h>

#include "storage/text_lines.h"

namespace hw::storage {

const std::vector<EpochStart>& EpochCache::entries() const {
    static const std::vector<EpochStart> kNone;
    return entries_ == nullptr ? kNone : *entries_;
}

void EpochCache::replace(std::vector<EpochStart> entries) {
    entries_ = std::make_shared<const std::vector<EpochStart>>(std::move(entries));
}

bool EpochCache::assign(LeaderEpoch epoch, Offset offset) {
    const auto last = latest();
    if (epoch < LeaderEpoch(0) || (last && epoch <= last->epoch)) {
        return false;
    }
    // Drops an epoch that starts at the same offset, because it has no record.
    truncate_from_end(offset);
    std::vector<EpochStart> changed = entries();
    changed.push_back({epoch, offset});
    replace(std::move(changed));
    return true;
}

bool EpochCache::truncate_from_end(Offset end_offset) {
    const auto first =
        std::ranges::lower_bound(entries(), end_offset, {}, &EpochStart::start_offset);
    if (first == entries().end()) {
        return false;
    }
    replace({entries().begin(), first});
    return true;
}

void EpochCache::truncate_from_start(Offset start_offset) {
    const auto after =
        std::ranges::upper_bound(entries(), start_offset, {}, &EpochStart::start_offset);
    if (after == entries().begin()) {
        return;
    }
    std::vector<EpochStart> kept(after - 1, entries().end());
    kept.front().start_offset = start_offset;
    replace(std::move(kept));
}

EpochEnd EpochCache::end_offset_for(LeaderEpoch epoch, Offset log_end_offset) const {
    const auto last = latest();
    if (!last || epoch < LeaderEpoch(0) || epoch > last->epoch) {
        return {};
    }
    const auto higher = std::ranges::upper_bound(entries(), epoch, {}, &EpochStart::epoch);
    if (higher == entries().end()) {
        return {epoch, log_end_offset};
    }
    const LeaderEpoch found = higher == entries().begin() ? epoch : std::prev(higher)->epoch;
    return {found, higher->start_offset};
}

std::optional<LeaderEpoch> EpochCache::epoch_at(Offset offset) const {
    const auto after = std::ranges::upper_bound(entries(), offset, {}, &EpochStart::start_offset);
    if (after == entries().begin()) {
        return std::nullopt;
    }
    return std::prev(after)->epoch;
}

std::optional<EpochStart> EpochCache::latest() const {
    if (entries().empty()) {
        return std::nullopt;
    }
    return entries().back();
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
    std::vector<EpochStart> epochs;
    for (const auto& row : rows) {
        const auto epoch = parse_number<std::int32_t>(row[0]);
        const auto start = parse_number<std::int64_t>(row[1]);
        const bool good = epoch && *epoch >= 0 && start && *start >= 0 &&
                          (epochs.empty() || (epochs.back().epoch < LeaderEpoch(*epoch) &&
                                              epochs.back().start_offset < Offset(*start)));
        if (!good) {
            return fail(ErrorKind::corrupt,
                        "{}, line {}: expected an epoch and a start offset, both above those of "
                        "the line before",
                        path, kFirstRow + epochs.size());
        }
        epochs.push_back({LeaderEpoch(*epoch), Offset(*start)});
    }
    return EpochCache(std::move(epochs));
}

std::string format_epoch_checkpoint(const EpochCache& epochs) {
    std::string rows;
    for (const auto& [epoch, start_offset] : epochs.entries()) {
        rows += fmt::format("{} {}\n", epoch, start_offset);
    }
    return format_checkpoint(epochs.entries().size(), rows);
}

}  // namespace hw::storage
