#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kCleanerKeys[] = {
    {"log.cleaner.threads", int32, "1", at_least(0), count, cluster_wide, automatic,
     "Threads of compaction; Highwater uses the disk's threads."},
    {"log.cleaner.io.max.bytes.per.second", float64, "1.7976931348623157E308", any(),
     bytes_per_second, cluster_wide, later, "Bytes a second that compaction reads and writes."},
    {"log.cleaner.dedupe.buffer.size", int64, "134217728", any(), bytes, cluster_wide, automatic,
     "Memory of compaction; Highwater takes it from highwater.memory.limit."},
    {"log.cleaner.io.buffer.size", int32, "524288", at_least(0), bytes, cluster_wide, automatic,
     "Read buffers of compaction; Highwater takes them from highwater.memory.limit."},
    {"log.cleaner.io.buffer.load.factor", float64, "0.9", any(), ratio, cluster_wide, automatic,
     "How full the key table of compaction gets; Highwater chooses it."},
    {"log.cleaner.backoff.ms", int64, "15000", at_least(0), milliseconds, cluster_wide, later,
     "Pause of compaction when there is nothing to do."},
    {"log.cleaner.min.cleanable.ratio", float64, "0.5", real(0, 1), ratio, cluster_wide, later,
     "Share of a log that must be uncompacted before compaction runs."},
    {"log.cleaner.enable", boolean, "true", any(), none, read_only, later,
     "Whether compaction runs."},
    {"log.cleaner.delete.retention.ms", int64, "86400000", at_least(0), milliseconds, cluster_wide,
     later, "How long the marker of a deleted key is kept after compaction."},
    {"log.cleaner.min.compaction.lag.ms", int64, "0", at_least(0), milliseconds, cluster_wide,
     later, "How long a record stays out of compaction."},
    {"log.cleaner.max.compaction.lag.ms", int64, "9223372036854775807", at_least(1), milliseconds,
     cluster_wide, later,
     "Age at which a record is compacted even when the share of uncompacted data is small."},
};

}  // namespace

std::span<const Key> cleaner_keys() {
    return kCleanerKeys;
}

}  // namespace hw::config
