#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kStreamsKeys[] = {
    {"group.streams.session.timeout.ms", int32, "45000", at_least(1), milliseconds, read_only,
     later, "How long a streams group member may be silent."},
    {"group.streams.min.session.timeout.ms", int32, "45000", at_least(1), milliseconds, read_only,
     later, "Shortest session that a streams group may be given."},
    {"group.streams.max.session.timeout.ms", int32, "60000", at_least(1), milliseconds, read_only,
     later, "Longest session that a streams group may be given."},
    {"group.streams.heartbeat.interval.ms", int32, "5000", at_least(1), milliseconds, read_only,
     later, "How often a streams group member reports."},
    {"group.streams.min.heartbeat.interval.ms", int32, "5000", at_least(1), milliseconds, read_only,
     later, "Shortest heartbeat interval that a streams group may be given."},
    {"group.streams.max.heartbeat.interval.ms", int32, "15000", at_least(1), milliseconds,
     read_only, later, "Longest heartbeat interval that a streams group may be given."},
    {"group.streams.max.size", int32, "2147483647", at_least(1), count, read_only, later,
     "Members that a streams group may have."},
    {"group.streams.num.standby.replicas", int32, "0", at_least(0), count, read_only, later,
     "Standby copies of each stateful task."},
    {"group.streams.max.standby.replicas", int32, "2", at_least(0), count, read_only, later,
     "Highest number of standby copies that a streams group may be given."},
    {"group.streams.initial.rebalance.delay.ms", int32, "3000", at_least(0), milliseconds,
     read_only, later, "How long the first assignment of a streams group waits for more members."},
    {"group.streams.assignment.interval.ms", int32, "1000", at_least(0), milliseconds, cluster_wide,
     later, "Shortest time between two assignments of a streams group."},
    {"group.streams.min.assignment.interval.ms", int32, "0", at_least(0), milliseconds, read_only,
     later, "Shortest assignment interval that a streams group may be given."},
    {"group.streams.max.assignment.interval.ms", int32, "15000", at_least(0), milliseconds,
     read_only, later, "Longest assignment interval that a streams group may be given."},
    {"group.streams.assignors", list, "sticky", any(), none, read_only, later,
     "Assignors of streams groups; the first is the default."},
    {"group.streams.assignor.offload.enable", boolean, "true", any(), none, cluster_wide, automatic,
     "Whether assignments are computed outside the coordinator's thread; Highwater decides by "
     "their size."},
    {"group.streams.task.offset.interval.ms", int32, "60000", at_least(1), milliseconds, read_only,
     later, "How often members report the offsets of their tasks."},
    {"group.streams.min.task.offset.interval.ms", int32, "15000", at_least(1), milliseconds,
     read_only, later, "Shortest offset report interval that a streams group may be given."},
    {"group.streams.num.warmup.replicas", int32, "2", at_least(0), count, read_only, later,
     "Tasks that may warm up at a time before they move."},
    {"group.streams.max.warmup.replicas", int32, "20", at_least(0), count, read_only, later,
     "Highest number of warm-up tasks that a streams group may be given."},
    {"group.streams.rack.aware.assignment.tags", list, "", any(), none, read_only, later,
     "Client tags over which standby copies are spread."},
    {"group.streams.topology.description.plugin.class", class_name, kNull, any(), none, read_only,
     later, "Plug-in that describes a streams topology."},
    {"group.streams.acceptable.recovery.lag", int32, "10000", at_least(0), count, read_only, later,
     "Records that a task may lag and still count as caught up."},
};

}  // namespace

std::span<const Key> streams_keys() {
    return kStreamsKeys;
}

}  // namespace hw::config
