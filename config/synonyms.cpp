#include "config/synonyms.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace hw::config {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;

struct Entry {
    std::string_view key;
    Synonym synonym;
};

/// The synonyms of one key are adjacent, in order of precedence.
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

    // Of groups.
    {"consumer.session.timeout.ms", {"group.consumer.session.timeout.ms", 1}},
    {"consumer.heartbeat.interval.ms", {"group.consumer.heartbeat.interval.ms", 1}},
    {"consumer.assignment.interval.ms", {"group.consumer.assignment.interval.ms", 1}},
    {"share.session.timeout.ms", {"group.share.session.timeout.ms", 1}},
    {"share.heartbeat.interval.ms", {"group.share.heartbeat.interval.ms", 1}},
    {"share.record.lock.duration.ms", {"group.share.record.lock.duration.ms", 1}},
    {"share.delivery.count.limit", {"group.share.delivery.count.limit", 1}},
    {"share.partition.max.record.locks", {"group.share.partition.max.record.locks", 1}},
    {"streams.num.standby.replicas", {"group.streams.num.standby.replicas", 1}},
    {"streams.initial.rebalance.delay.ms", {"group.streams.initial.rebalance.delay.ms", 1}},
    {"streams.num.warmup.replicas", {"group.streams.num.warmup.replicas", 1}},
    {"streams.acceptable.recovery.lag", {"group.streams.acceptable.recovery.lag", 1}},
    {"streams.task.offset.interval.ms", {"group.streams.task.offset.interval.ms", 1}},
};

/// The synonyms alone, in the order of kEntries, so that synonyms_of can return a span of them.
constexpr auto kSynonyms = [] {
    std::array<Synonym, std::size(kEntries)> synonyms{};
    std::ranges::transform(kEntries, synonyms.begin(), &Entry::synonym);
    return synonyms;
}();

}  // namespace

std::span<const Synonym> synonyms_of(std::string_view key) {
    const auto first = std::ranges::find(kEntries, key, &Entry::key);
    const auto last = std::find_if(first, std::end(kEntries),
                                   [key](const Entry& entry) { return entry.key != key; });
    return std::span(kSynonyms).subspan(static_cast<std::size_t>(first - std::begin(kEntries)),
                                        static_cast<std::size_t>(last - first));
}

std::string_view key_with_synonym(Scope scope, std::string_view broker_key) {
    const auto found = std::ranges::find_if(kEntries, [&](const Entry& entry) {
        return entry.synonym.broker_key == broker_key && find_key(scope, entry.key) != nullptr;
    });
    return found == std::end(kEntries) ? std::string_view() : found->key;
}

}  // namespace hw::config
