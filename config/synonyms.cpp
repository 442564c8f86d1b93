#include "config/synonyms.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace hw::config {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;

struct Entry {
    std::string_view topic_key;
    Synonym synonym;
};

/// The synonyms of one topic key are adjacent, in order of precedence.
constexpr Entry kEntries[] = {
    {"cleanup.policy", {"log.cleanup.policy", 1}},
    {"retention.ms", {"log.retention.ms", 1}},
    {"retention.ms", {"log.retention.minutes", kMinute}},
    {"retention.ms", {"log.retention.hours", kHour}},
    {"retention.bytes", {"log.retention.bytes", 1}},
    {"segment.bytes", {"log.segment.bytes", 1}},
    {"segment.ms", {"log.roll.ms", 1}},
    {"segment.ms", {"log.roll.hours", kHour}},
    {"segment.jitter.ms", {"log.roll.jitter.ms", 1}},
    {"segment.jitter.ms", {"log.roll.jitter.hours", kHour}},
    {"segment.index.bytes", {"log.index.size.max.bytes", 1}},
    {"index.interval.bytes", {"log.index.interval.bytes", 1}},
    {"flush.messages", {"log.flush.interval.messages", 1}},
    {"flush.ms", {"log.flush.interval.ms", 1}},
    {"flush.ms", {"log.flush.scheduler.interval.ms", 1}},
    {"file.delete.delay.ms", {"log.segment.delete.delay.ms", 1}},
    {"preallocate", {"log.preallocate", 1}},
    {"max.message.bytes", {"message.max.bytes", 1}},
    {"min.insync.replicas", {"min.insync.replicas", 1}},
    {"unclean.leader.election.enable", {"unclean.leader.election.enable", 1}},
    {"compression.type", {"compression.type", 1}},
    {"compression.gzip.level", {"compression.gzip.level", 1}},
    {"compression.lz4.level", {"compression.lz4.level", 1}},
    {"compression.zstd.level", {"compression.zstd.level", 1}},
    {"message.timestamp.type", {"log.message.timestamp.type", 1}},
    {"message.timestamp.before.max.ms", {"log.message.timestamp.before.max.ms", 1}},
    {"message.timestamp.after.max.ms", {"log.message.timestamp.after.max.ms", 1}},
    {"delete.retention.ms", {"log.cleaner.delete.retention.ms", 1}},
    {"min.compaction.lag.ms", {"log.cleaner.min.compaction.lag.ms", 1}},
    {"max.compaction.lag.ms", {"log.cleaner.max.compaction.lag.ms", 1}},
    {"min.cleanable.dirty.ratio", {"log.cleaner.min.cleanable.ratio", 1}},
    {"local.retention.ms", {"log.local.retention.ms", 1}},
    {"local.retention.bytes", {"log.local.retention.bytes", 1}},
    {"remote.copy.lag.ms", {"log.remote.copy.lag.ms", 1}},
    {"remote.copy.lag.bytes", {"log.remote.copy.lag.bytes", 1}},
    {"highwater.durability", {"highwater.durability.default", 1}},
};

/// The synonyms alone, in the order of kEntries, so that synonyms_of can return a span of them.
constexpr auto kSynonyms = [] {
    std::array<Synonym, std::size(kEntries)> synonyms{};
    std::ranges::transform(kEntries, synonyms.begin(), &Entry::synonym);
    return synonyms;
}();

}  // namespace

std::span<const Synonym> synonyms_of(std::string_view topic_key) {
    const auto first = std::ranges::find(kEntries, topic_key, &Entry::topic_key);
    const auto last = std::find_if(first, std::end(kEntries), [topic_key](const Entry& entry) {
        return entry.topic_key != topic_key;
    });
    return std::span(kSynonyms).subspan(static_cast<std::size_t>(first - std::begin(kEntries)),
                                        static_cast<std::size_t>(last - first));
}

std::string_view topic_key_of(std::string_view broker_key) {
    const auto found = std::ranges::find(
        kEntries, broker_key, [](const Entry& entry) { return entry.synonym.broker_key; });
    return found == std::end(kEntries) ? std::string_view() : found->topic_key;
}

}  // namespace hw::config
