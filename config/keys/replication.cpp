#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kReplicationKeys[] = {
    {"default.replication.factor", int32, kNull, between(1, 32767), count, read_only, in_use,
     "Replicas of a topic created without a number; null means three, or one per broker in a "
     "smaller cluster."},
    {"replica.lag.time.max.ms", int64, "10000", any(), milliseconds, read_only, in_use,
     "A follower that has not caught up for this long leaves the in-sync replicas."},
    {"replica.socket.timeout.ms", int32, "30000", any(), milliseconds, read_only, in_use,
     "How long a follower waits for its leader's answer."},
    {"replica.socket.receive.buffer.bytes", int32, "65536", any(), bytes, read_only, later,
     "Receive buffer of a follower's connection."},
    {"replica.fetch.max.bytes", int32, "1048576", at_least(0), bytes, read_only, in_use,
     "Bytes of one partition that a follower asks for at once."},
    {"replica.fetch.wait.max.ms", int32, "500", any(), milliseconds, read_only, in_use,
     "How long a follower's Fetch waits for new records."},
    {"replica.fetch.backoff.ms", int32, "1000", at_least(0), milliseconds, read_only, later,
     "Pause of a follower after a failed Fetch."},
    {"replica.fetch.min.bytes", int32, "1", any(), bytes, read_only, later,
     "Bytes of new records that end a follower's wait."},
    {"replica.fetch.response.max.bytes", int32, "10485760", at_least(0), bytes, read_only, in_use,
     "Bytes of all partitions that a follower asks for at once."},
    {"num.replica.fetchers", int32, "1", at_least(1), count, cluster_wide, automatic,
     "Fetch threads for each leader; Highwater keeps one stream for each leader and disk."},
    {"num.replica.alter.log.dirs.threads", int32, kNull, any(), count, read_only, automatic,
     "Threads that move replicas between directories; Highwater uses the disk's threads."},
    {"replica.high.watermark.checkpoint.interval.ms", int64, "5000", any(), milliseconds, read_only,
     automatic, "How often high watermarks are written to disk."},
    {"fetch.purgatory.purge.interval.requests", int32, "1000", any(), count, read_only, automatic,
     "Housekeeping of waiting fetches; Highwater removes them when they end."},
    {"producer.purgatory.purge.interval.requests", int32, "1000", any(), count, read_only,
     automatic, "Housekeeping of waiting produces; Highwater removes them when they end."},
    {"delete.records.purgatory.purge.interval.requests", int32, "1", any(), count, read_only,
     automatic, "Housekeeping of waiting deletions; Highwater removes them when they end."},
    {"auto.leader.rebalance.enable", boolean, "true", any(), none, read_only, in_use,
     "Whether leadership returns to preferred replicas automatically."},
    {"leader.imbalance.check.interval.seconds", int64, "300", at_least(1), seconds, read_only,
     in_use, "How often preferred leaders are compared with actual ones."},
    {"unclean.leader.election.interval.ms", int64, "300000", at_least(1), milliseconds, read_only,
     later, "How often partitions without a leader are looked at for an unclean election."},
    {"unclean.leader.election.enable", boolean, "false", any(), none, cluster_wide, in_use,
     "Whether a replica that is not in sync may lead when no other can, losing records."},
    {"security.inter.broker.protocol", string, "PLAINTEXT",
     one_of("PLAINTEXT,SSL,SASL_PLAINTEXT,SASL_SSL"), none, read_only, security,
     "Security protocol between brokers, for files without inter.broker.listener.name."},
    {"inter.broker.listener.name", string, kNull, any(), none, read_only, in_use,
     "Listener that brokers use among themselves; null means the one named PLAINTEXT."},
    {"replica.selector.class", string, kNull,
     one_of("org.apache.kafka.common.replica.LeaderSelector,"
            "org.apache.kafka.common.replica.RackAwareReplicaSelector"),
     none, read_only, in_use,
     "Where consumers read: at the leader (null), or at a replica in their client.rack."},
    {"follower.fetch.last.tiered.offset.enable", boolean, "false", any(), none, cluster_wide, later,
     "Whether a new follower starts after the last offset in remote storage."},
};

}  // namespace

std::span<const Key> replication_keys() {
    return kReplicationKeys;
}

}  // namespace hw::config
