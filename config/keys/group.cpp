#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kGroupKeys[] = {
    {"consumer.session.timeout.ms", int32, "45000", at_least(1), milliseconds, cluster_wide, in_use,
     "How long a member of this consumer group may be silent."},
    {"consumer.heartbeat.interval.ms", int32, "1000", at_least(1), milliseconds, cluster_wide,
     in_use, "How often a member of this consumer group reports while the group is stable."},
    {"consumer.assignment.interval.ms", int32, "1000", at_least(0), milliseconds, cluster_wide,
     later, "Shortest time between two assignments of this consumer group."},
    {"share.session.timeout.ms", int32, "45000", at_least(1), milliseconds, cluster_wide, later,
     "How long a member of this share group may be silent."},
    {"share.heartbeat.interval.ms", int32, "5000", at_least(1), milliseconds, cluster_wide, later,
     "How often a member of this share group reports."},
    {"share.record.lock.duration.ms", int32, "30000", at_least(1000), milliseconds, cluster_wide,
     later, "How long a delivered record stays locked for its consumer."},
    {"share.delivery.count.limit", int32, "5", at_least(2), count, cluster_wide, later,
     "Deliveries after which a record counts as undeliverable."},
    {"share.partition.max.record.locks", int32, "2000", at_least(100), count, cluster_wide, later,
     "Records of one partition that may be locked at a time."},
    {"share.auto.offset.reset", string, "latest", any(), none, cluster_wide, later,
     "Where this share group starts on a partition it has not read."},
    {"share.isolation.level", string, "read_uncommitted", one_of("read_uncommitted,read_committed"),
     none, cluster_wide, later, "Whether records of open and aborted transactions are delivered."},
    {"share.renew.acknowledge.enable", boolean, "true", any(), none, cluster_wide, later,
     "Whether a consumer may extend the lock of a record."},
    {"errors.deadletterqueue.topic.name", string, "", any(), none, cluster_wide, later,
     "Topic that takes undeliverable records of this group."},
    {"errors.deadletterqueue.copy.record.enable", boolean, "false", any(), none, cluster_wide,
     later, "Whether an undeliverable record is copied with key and value."},
    {"streams.num.standby.replicas", int32, "0", at_least(0), count, cluster_wide, later,
     "Standby copies of each stateful task of this group."},
    {"streams.initial.rebalance.delay.ms", int32, "3000", at_least(0), milliseconds, cluster_wide,
     later, "How long the first assignment of this group waits for more members."},
    {"streams.num.warmup.replicas", int32, "2", at_least(0), count, cluster_wide, later,
     "Tasks of this group that may warm up at a time before they move."},
    {"streams.acceptable.recovery.lag", int64, "10000", at_least(0), count, cluster_wide, later,
     "Records that a task of this group may lag and still count as caught up."},
    {"streams.task.offset.interval.ms", int32, "60000", at_least(1), milliseconds, cluster_wide,
     later, "How often members of this group report the offsets of their tasks."},
    {"streams.assignor.name", string, kNull, any(), none, cluster_wide, later,
     "Assignor of this streams group; null means the broker's first."},
};

}  // namespace

std::span<const Key> group_keys() {
    return kGroupKeys;
}

}  // namespace hw::config
