#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kShareKeys[] = {
    {"group.share.session.timeout.ms", int32, "45000", at_least(1), milliseconds, read_only, later,
     "How long a share group member may be silent."},
    {"group.share.min.session.timeout.ms", int32, "45000", at_least(1), milliseconds, read_only,
     later, "Shortest session that a share group may be given."},
    {"group.share.max.session.timeout.ms", int32, "60000", at_least(1), milliseconds, read_only,
     later, "Longest session that a share group may be given."},
    {"group.share.heartbeat.interval.ms", int32, "5000", at_least(1), milliseconds, read_only,
     later, "How often a share group member reports."},
    {"group.share.min.heartbeat.interval.ms", int32, "5000", at_least(1), milliseconds, read_only,
     later, "Shortest heartbeat interval that a share group may be given."},
    {"group.share.max.heartbeat.interval.ms", int32, "15000", at_least(1), milliseconds, read_only,
     later, "Longest heartbeat interval that a share group may be given."},
    {"group.share.max.size", int32, "200", between(1, 1000), count, read_only, later,
     "Members that a share group may have."},
    {"group.share.assignors", list, "simple", any(), none, read_only, later,
     "Assignor of share groups."},
    {"group.share.assignment.interval.ms", int32, "1000", at_least(0), milliseconds, cluster_wide,
     later, "Shortest time between two assignments of a share group."},
    {"group.share.min.assignment.interval.ms", int32, "0", at_least(0), milliseconds, read_only,
     later, "Shortest assignment interval that a share group may be given."},
    {"group.share.max.assignment.interval.ms", int32, "15000", at_least(0), milliseconds, read_only,
     later, "Longest assignment interval that a share group may be given."},
    {"group.share.assignor.offload.enable", boolean, "true", any(), none, cluster_wide, automatic,
     "Whether assignments are computed outside the coordinator's thread; Highwater decides by "
     "their size."},
    {"group.share.initialize.retry.interval.ms", int32, "30000", at_least(1), milliseconds,
     read_only, later, "Pause before the state of a share partition is initialised again."},
    {"group.share.delivery.count.limit", int32, "5", between(2, 10), count, read_only, later,
     "Deliveries after which a record counts as undeliverable."},
    {"group.share.max.delivery.count.limit", int32, "10", between(5, 25), count, read_only, later,
     "Highest delivery limit that a share group may be given."},
    {"group.share.min.delivery.count.limit", int32, "2", between(2, 5), count, read_only, later,
     "Lowest delivery limit that a share group may be given."},
    {"group.share.record.lock.duration.ms", int32, "30000", between(1000, 3600000), milliseconds,
     read_only, later, "How long a delivered record stays locked for its consumer."},
    {"group.share.min.record.lock.duration.ms", int32, "15000", between(1000, 30000), milliseconds,
     read_only, later, "Shortest lock that a share group may be given."},
    {"group.share.max.record.lock.duration.ms", int32, "60000", between(30000, 3600000),
     milliseconds, read_only, later, "Longest lock that a share group may be given."},
    {"group.share.partition.max.record.locks", int32, "2000", between(100, 10000), count, read_only,
     later, "Records of one partition that may be locked at a time."},
    {"group.share.max.partition.max.record.locks", int32, "4000", between(2000, 10000), count,
     read_only, later, "Highest number of locks that a share group may be given."},
    {"group.share.min.partition.max.record.locks", int32, "100", between(100, 2000), count,
     read_only, later, "Lowest number of locks that a share group may be given."},
    {"share.fetch.purgatory.purge.interval.requests", int32, "1000", any(), count, read_only,
     automatic, "Housekeeping of waiting share fetches; Highwater removes them when they end."},
    {"group.share.max.share.sessions", int32, "2000", at_least(1), count, read_only, later,
     "Share sessions that this broker remembers."},
    {"group.share.persister.class.name", string,
     "org.apache.kafka.server.share.persister.DefaultStatePersister", any(), none, read_only, later,
     "Plug-in that stores the state of share partitions."},
    {"group.share.dlq.manager.class.name", string, "DefaultShareGroupDLQManager", any(), none,
     read_only, later, "Plug-in that takes undeliverable records of share groups."},
    {"share.coordinator.state.topic.num.partitions", int32, "50", at_least(1), count, read_only,
     later, "Partitions of the topic that keeps the state of share groups."},
    {"share.coordinator.state.topic.replication.factor", int16, kNull, at_least(1), count,
     read_only, later, "Replicas of the topic that keeps the state of share groups."},
    {"share.coordinator.state.topic.min.isr", int16, "2", at_least(1), count, read_only, later,
     "In-sync replicas that a write to the state of share groups needs."},
    {"share.coordinator.state.topic.segment.bytes", int32, "104857600", at_least(1), bytes,
     read_only, later, "Segment size of the topic that keeps the state of share groups."},
    {"share.coordinator.threads", int32, "1", at_least(1), count, read_only, automatic,
     "Threads of the share coordinator; Highwater runs it on its data loops."},
    {"share.coordinator.snapshot.update.records.per.snapshot", int32, "500", between(0, 500), count,
     read_only, later, "Updates of a share partition between two snapshots of its state."},
    {"share.coordinator.load.buffer.size", int32, "5242880", at_least(1), bytes, read_only,
     automatic, "Bytes read at once when share state is loaded; Highwater chooses it."},
    {"share.coordinator.state.topic.compression.codec", int32, "0", any(), count, read_only, later,
     "Codec of the topic that keeps the state of share groups, by its number."},
    {"share.coordinator.append.linger.ms", int32, "-1", at_least(-1), milliseconds, read_only,
     automatic,
     "How long share records wait to be written together; Highwater writes the records that are "
     "ready together, without waiting."},
    {"share.coordinator.write.timeout.ms", int32, "5000", at_least(1), milliseconds, read_only,
     later, "How long a write of share state waits to be replicated."},
    {"share.coordinator.state.topic.prune.interval.ms", int32, "300000", at_least(1), milliseconds,
     read_only, later, "How often share state that is no longer needed is removed."},
    {"share.coordinator.cold.partition.snapshot.interval.ms", int32, "300000", at_least(1),
     milliseconds, read_only, later,
     "How often a share partition without updates gets a snapshot."},
    {"share.coordinator.cached.buffer.max.bytes", int32, "1048588", at_least(524288), bytes,
     cluster_wide, automatic,
     "Largest write buffer that a coordinator keeps; Highwater chooses it."},
};

}  // namespace

std::span<const Key> share_keys() {
    return kShareKeys;
}

}  // namespace hw::config
