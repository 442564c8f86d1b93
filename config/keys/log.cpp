#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kLogKeys[] = {
    {"num.partitions", int32, "1", at_least(1), count, read_only, in_use,
     "Partitions of a topic created without a number."},
    {"log.dir", string, kNull, any(), none, read_only, in_use,
     "One or more data directories; log.dirs takes precedence."},
    {"log.dirs", string, kNull, any(), none, read_only, in_use, "Data directories, one per disk."},
    {"cordoned.log.dirs", list, "", any(), none, per_broker, later,
     "Data directories that get no new replicas."},
    {"log.segment.bytes", int32, "1073741824", at_least(1048576), bytes, cluster_wide, in_use,
     "Size at which a segment of a partition is closed."},
    {"log.roll.ms", int64, kNull, at_least(1), milliseconds, cluster_wide, in_use,
     "Age at which a segment is closed; null means log.roll.hours."},
    {"log.roll.hours", int32, "168", at_least(1), hours, read_only, in_use,
     "Age in hours at which a segment is closed."},
    {"log.roll.jitter.ms", int64, kNull, at_least(0), milliseconds, cluster_wide, later,
     "Random time subtracted from the age; null means log.roll.jitter.hours."},
    {"log.roll.jitter.hours", int32, "0", at_least(0), hours, read_only, later,
     "Random time in hours subtracted from the age at which a segment is closed."},
    {"log.retention.ms", int64, kNull, at_least_or(1, -1), milliseconds, cluster_wide, later,
     "How long records are kept, -1 forever; null means log.retention.minutes."},
    {"log.retention.minutes", int32, kNull, at_least_or(1, -1), minutes, read_only, later,
     "How long records are kept, in minutes; null means log.retention.hours."},
    {"log.retention.hours", int32, "168", at_least_or(1, -1), hours, read_only, later,
     "How long records are kept, in hours."},
    {"log.retention.bytes", int64, "-1", any(), bytes, cluster_wide, later,
     "Bytes that a partition keeps; -1 means without limit."},
    {"log.retention.check.interval.ms", int64, "300000", at_least(1), milliseconds, read_only,
     later, "How often expired segments are looked for."},
    {"log.cleanup.policy", list, "delete", one_of("delete,compact", "delete"), none, cluster_wide,
     in_use, "What happens to old records: delete, compact, both, or nothing."},
    {"log.index.size.max.bytes", int32, "10485760", at_least(4), bytes, cluster_wide, in_use,
     "Largest size of an offset index file."},
    {"log.index.interval.bytes", int32, "4096", at_least(0), bytes, cluster_wide, in_use,
     "Bytes of records between two entries of the offset index."},
    {"log.flush.interval.messages", int64, "9223372036854775807", at_least(1), count, cluster_wide,
     in_use, "Unsynced records of a partition after which it is synced."},
    {"log.segment.delete.delay.ms", int64, "60000", at_least(0), milliseconds, cluster_wide, later,
     "How long a removed file stays on disk before it is unlinked."},
    {"log.flush.scheduler.interval.ms", int64, "9223372036854775807", at_least(0), milliseconds,
     read_only, later, "Longest age of unsynced records where log.flush.interval.ms is not set."},
    {"log.flush.interval.ms", int64, kNull, at_least(0), milliseconds, cluster_wide, later,
     "Longest age of unsynced records; null means log.flush.scheduler.interval.ms."},
    {"log.flush.offset.checkpoint.interval.ms", int32, "60000", at_least(0), milliseconds,
     read_only, automatic, "How often recovery points are written to disk."},
    {"log.flush.start.offset.checkpoint.interval.ms", int32, "60000", at_least(0), milliseconds,
     read_only, later, "How often log start offsets are written to disk."},
    {"log.preallocate", boolean, "false", any(), none, cluster_wide, later,
     "Whether a new segment file gets its full size at once."},
    {"num.recovery.threads.per.data.dir", int32, "2", at_least(1), count, cluster_wide, automatic,
     "Threads that recover logs of a directory; Highwater takes what the disk can use."},
    {"min.insync.replicas", int32, kNull, at_least(1), count, cluster_wide, in_use,
     "In-sync replicas that a write with acks=all needs; null means 2 for a topic with 3 or "
     "more replicas, else 1."},
    {"log.message.timestamp.type", string, "CreateTime", one_of("CreateTime,LogAppendTime"), none,
     cluster_wide, in_use, "Whether records carry the producer's time or the time of the append."},
    {"log.message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0), milliseconds,
     cluster_wide, in_use, "How far a record's time may lie in the past."},
    {"log.message.timestamp.after.max.ms", int64, "3600000", at_least(0), milliseconds,
     cluster_wide, in_use, "How far a record's time may lie in the future."},
    {"log.dir.failure.timeout.ms", int64, "30000", at_least(1), milliseconds, read_only, in_use,
     "How long a broker may fail to report a failed directory before it stops."},
    {"log.initial.task.delay.ms", int64, "30000", at_least(0), milliseconds, read_only, later,
     "Pause between start and the first housekeeping of logs."},
    {"message.max.bytes", int32, "1048588", at_least(0), bytes, cluster_wide, in_use,
     "Largest record batch that is accepted, after compression."},
    {"compression.type", string, "producer",
     one_of("producer,uncompressed,gzip,snappy,lz4,zstd", "producer"), none, cluster_wide, in_use,
     "Codec in which batches are stored; producer keeps them as they were sent."},
    {"compression.gzip.level", int32, "-1", between_or(1, 9, -1), count, cluster_wide, later,
     "Level of gzip where the broker compresses."},
    {"compression.lz4.level", int32, "9", between(1, 17), count, cluster_wide, later,
     "Level of lz4 where the broker compresses."},
    {"compression.zstd.level", int32, "3", between(-131072, 22), count, cluster_wide, later,
     "Level of zstd where the broker compresses."},
};

}  // namespace

std::span<const Key> log_keys() {
    return kLogKeys;
}

}  // namespace hw::config
