#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kTopicKeys[] = {
    {"cleanup.policy", list, "delete", one_of("delete,compact", "delete,compact"), none,
     cluster_wide, in_use, "What happens to old records: delete, compact, both, or nothing."},
    {"retention.ms", int64, "604800000", at_least(-1), milliseconds, cluster_wide, later,
     "How long records are kept; -1 means forever."},
    {"retention.bytes", int64, "-1", any(), bytes, cluster_wide, later,
     "Bytes that a partition keeps; -1 means without limit."},
    {"segment.bytes", int32, "1073741824", at_least(1048576), bytes, cluster_wide, in_use,
     "Size at which a segment is closed."},
    {"segment.ms", int64, "604800000", at_least(1), milliseconds, cluster_wide, in_use,
     "Age at which a segment is closed."},
    {"segment.jitter.ms", int64, "0", at_least(0), milliseconds, cluster_wide, later,
     "Random time subtracted from the age at which a segment is closed."},
    {"segment.index.bytes", int32, "10485760", at_least(4), bytes, cluster_wide, in_use,
     "Largest size of an offset index file."},
    {"index.interval.bytes", int32, "4096", at_least(0), bytes, cluster_wide, in_use,
     "Bytes of records between two entries of the offset index."},
    {"flush.messages", int64, "9223372036854775807", at_least(1), count, cluster_wide, in_use,
     "Unsynced records after which the partition is synced."},
    {"flush.ms", int64, "9223372036854775807", at_least(0), milliseconds, cluster_wide, later,
     "Longest age of unsynced records."},
    {"file.delete.delay.ms", int64, "60000", at_least(0), milliseconds, cluster_wide, later,
     "How long a removed file stays on disk before it is unlinked."},
    {"preallocate", boolean, "false", any(), none, cluster_wide, later,
     "Whether a new segment file gets its full size at once."},
    {"max.message.bytes", int32, "1048588", at_least(0), bytes, cluster_wide, in_use,
     "Largest record batch that is accepted, after compression."},
    {"min.insync.replicas", int32, "1", at_least(1), count, cluster_wide, in_use,
     "In-sync replicas that a write with acks=all needs; unset means 2 with 3 or more replicas, "
     "else 1."},
    {"unclean.leader.election.enable", boolean, "false", any(), none, cluster_wide, in_use,
     "Whether a replica that is not in sync may lead when no other can, losing records."},
    {"compression.type", string, "producer",
     one_of("producer,uncompressed,gzip,snappy,lz4,zstd", "producer"), none, cluster_wide, in_use,
     "Codec in which batches are stored; producer keeps them as they were sent."},
    {"compression.gzip.level", int32, "-1", between_or(1, 9, -1), none, cluster_wide, later,
     "Level of gzip where the broker compresses."},
    {"compression.lz4.level", int32, "9", between(1, 17), none, cluster_wide, later,
     "Level of lz4 where the broker compresses."},
    {"compression.zstd.level", int32, "3", between(-131072, 22), none, cluster_wide, later,
     "Level of zstd where the broker compresses."},
    {"message.timestamp.type", string, "CreateTime", one_of("CreateTime,LogAppendTime"), none,
     cluster_wide, in_use, "Whether records carry the producer's time or the time of the append."},
    {"message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0), milliseconds,
     cluster_wide, in_use, "How far a record's time may lie in the past."},
    {"message.timestamp.after.max.ms", int64, "3600000", at_least(0), milliseconds, cluster_wide,
     in_use, "How far a record's time may lie in the future."},
    {"delete.retention.ms", int64, "86400000", at_least(0), milliseconds, cluster_wide, later,
     "How long the marker of a deleted key is kept after compaction."},
    {"min.compaction.lag.ms", int64, "0", at_least(0), milliseconds, cluster_wide, later,
     "How long a record stays out of compaction."},
    {"max.compaction.lag.ms", int64, "9223372036854775807", at_least(1), milliseconds, cluster_wide,
     later, "Age at which a record is compacted even when the share of uncompacted data is small."},
    {"min.cleanable.dirty.ratio", float64, "0.5", real(0, 1), ratio, cluster_wide, later,
     "Share of a log that must be uncompacted before compaction runs."},
    {"leader.replication.throttled.replicas", list, "", any(), none, cluster_wide, later,
     "Replicas that are throttled on their leader, PARTITION:BROKER each, or *."},
    {"follower.replication.throttled.replicas", list, "", any(), none, cluster_wide, later,
     "Replicas that are throttled on their follower, PARTITION:BROKER each, or *."},
    {"remote.storage.enable", boolean, "false", any(), none, cluster_wide, later,
     "Whether closed segments are moved to remote storage."},
    {"local.retention.ms", int64, "-2", at_least(-2), milliseconds, cluster_wide, later,
     "How long a copied segment stays on the local disk; -2 means the value of retention.ms."},
    {"local.retention.bytes", int64, "-2", at_least(-2), bytes, cluster_wide, later,
     "Bytes of a partition that stay on the local disk; -2 means the value of retention.bytes."},
    {"remote.log.copy.disable", boolean, "false", any(), none, cluster_wide, later,
     "Whether copying segments to remote storage is stopped."},
    {"remote.log.delete.on.disable", boolean, "false", any(), none, cluster_wide, later,
     "Whether remote segments are deleted when remote storage is switched off."},
    {"remote.copy.lag.ms", int64, "0", at_least(-1), milliseconds, cluster_wide, later,
     "How long a closed segment waits before it is copied."},
    {"remote.copy.lag.bytes", int64, "-1", at_least(-1), bytes, cluster_wide, later,
     "Bytes of closed segments that wait before they are copied."},
    {"errors.deadletterqueue.group.enable", boolean, "false", any(), none, cluster_wide, later,
     "Whether share groups may write undeliverable records to this topic."},
    {"highwater.durability", string, "disk", one_of("disk,memory"), none, cluster_wide, in_use,
     "When a record counts as replicated: once it is on the replica's disk, or in its memory."},
};

}  // namespace

std::span<const Key> topic_keys() {
    return kTopicKeys;
}

}  // namespace hw::config
