#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kGroupsKeys[] = {
    {"group.coordinator.rebalance.protocols", list, "classic,consumer,streams",
     one_of("classic,consumer,share,streams"), none, read_only, later,
     "Group protocols that are offered."},
    {"group.coordinator.threads", int32, "4", at_least(1), count, read_only, automatic,
     "Threads of the group coordinator; Highwater runs it on its data loops."},
    {"group.coordinator.background.threads", int32, "2", at_least(1), count, read_only, automatic,
     "Threads that compute assignments; Highwater has one for those that take long."},
    {"group.coordinator.append.linger.ms", int32, "-1", at_least(-1), milliseconds, read_only,
     automatic,
     "How long group records wait to be written together; Highwater writes the records that are "
     "ready together, without waiting."},
    {"offsets.commit.timeout.ms", int32, "5000", at_least(1), milliseconds, read_only, in_use,
     "How long a commit of offsets waits to be replicated."},
    {"offsets.load.buffer.size", int32, "5242880", at_least(1), bytes, read_only, automatic,
     "Bytes read at once when offsets are loaded; Highwater chooses it."},
    {"offsets.topic.replication.factor", int16, kNull, at_least(1), count, read_only, in_use,
     "Replicas of the topic that keeps offsets."},
    {"offsets.topic.num.partitions", int32, "50", at_least(1), count, read_only, in_use,
     "Partitions of the topic that keeps offsets."},
    {"offsets.topic.segment.bytes", int32, "104857600", at_least(1), bytes, read_only, in_use,
     "Segment size of the topic that keeps offsets."},
    {"offsets.topic.compression.codec", int32, "0", any(), count, read_only, later,
     "Codec of the topic that keeps offsets, by its number."},
    {"group.coordinator.cached.buffer.max.bytes", int32, "1048588", at_least(524288), bytes,
     cluster_wide, automatic,
     "Largest write buffer that a coordinator keeps; Highwater chooses it."},
    {"offset.metadata.max.bytes", int32, "4096", any(), bytes, read_only, in_use,
     "Largest metadata text that a commit may carry with an offset."},
    {"offsets.retention.minutes", int32, "10080", at_least(1), minutes, read_only, in_use,
     "How long offsets of an empty group are kept; ten times as long for unread partitions."},
    {"offsets.retention.check.interval.ms", int64, "600000", at_least(1), milliseconds, read_only,
     in_use, "How often expired offsets are looked for."},
    {"group.min.session.timeout.ms", int32, "6000", any(), milliseconds, read_only, in_use,
     "Shortest session that a classic member may ask for."},
    {"group.max.session.timeout.ms", int32, "1800000", any(), milliseconds, read_only, in_use,
     "Longest session that a classic member may ask for."},
    {"group.initial.rebalance.delay.ms", int32, "3000", any(), milliseconds, read_only, in_use,
     "How long the first rebalance of an empty group waits for more members."},
    {"group.max.size", int32, "2147483647", at_least(1), count, read_only, in_use,
     "Members that a classic group may have, 10,000 at most."},
    {"group.consumer.session.timeout.ms", int32, "45000", at_least(1), milliseconds, read_only,
     in_use, "How long a consumer group member may be silent."},
    {"group.consumer.min.session.timeout.ms", int32, "45000", at_least(1), milliseconds, read_only,
     in_use, "Shortest session that a consumer group may be given."},
    {"group.consumer.max.session.timeout.ms", int32, "60000", at_least(1), milliseconds, read_only,
     in_use, "Longest session that a consumer group may be given."},
    {"group.consumer.heartbeat.interval.ms", int32, "1000", at_least(1), milliseconds, read_only,
     in_use, "How often a member of a stable consumer group reports."},
    {"group.consumer.min.heartbeat.interval.ms", int32, "500", at_least(1), milliseconds, read_only,
     in_use,
     "Shortest heartbeat interval that a consumer group may be given; also how often members "
     "report while a group reassigns partitions."},
    {"group.consumer.max.heartbeat.interval.ms", int32, "15000", at_least(1), milliseconds,
     read_only, in_use, "Longest heartbeat interval that a consumer group may be given."},
    {"group.consumer.max.size", int32, "2147483647", at_least(1), count, read_only, in_use,
     "Members that a consumer group may have, 10,000 at most."},
    {"group.consumer.assignors", list, "uniform,range",
     one_of("uniform,range,org.apache.kafka.coordinator.group.assignor.UniformAssignor,"
            "org.apache.kafka.coordinator.group.assignor.RangeAssignor"),
     none, read_only, in_use, "Assignors that run on the broker; the first is the default."},
    {"group.consumer.migration.policy", string, "bidirectional",
     one_of("bidirectional,upgrade,downgrade,disabled"), none, read_only, in_use,
     "Whether groups with members may change between the classic and the consumer protocol."},
    {"group.consumer.assignment.interval.ms", int32, "1000", at_least(0), milliseconds,
     cluster_wide, later, "Shortest time between two assignments of a consumer group."},
    {"group.consumer.min.assignment.interval.ms", int32, "0", at_least(0), milliseconds, read_only,
     later, "Shortest assignment interval that a consumer group may be given."},
    {"group.consumer.max.assignment.interval.ms", int32, "15000", at_least(0), milliseconds,
     read_only, later, "Longest assignment interval that a consumer group may be given."},
    {"group.consumer.assignor.offload.enable", boolean, "true", any(), none, cluster_wide,
     automatic,
     "Whether assignments are computed outside the coordinator's thread; Highwater decides by "
     "their size."},
    {"group.consumer.regex.refresh.interval.ms", int32, "600000", at_least(10000), milliseconds,
     read_only, automatic,
     "How often subscriptions by pattern are matched with the topics; Highwater does it when the "
     "topics have changed."},
    {"errors.deadletterqueue.auto.create.topics.enable", boolean, "false", any(), none,
     cluster_wide, later,
     "Whether the topic for undeliverable records is created when it is missing."},
    {"errors.deadletterqueue.topic.name.prefix", string, "dlq.", any(), none, cluster_wide, later,
     "Prefix of the names of topics for undeliverable records."},
};

}  // namespace

std::span<const Key> groups_keys() {
    return kGroupsKeys;
}

}  // namespace hw::config
