#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kQuotasKeys[] = {
    {"quota.window.num", int32, "11", at_least(1), count, read_only, later,
     "Samples that a client quota is measured over."},
    {"replication.quota.window.num", int32, "11", at_least(1), count, read_only, later,
     "Samples that a replication throttle is measured over."},
    {"alter.log.dirs.replication.quota.window.num", int32, "11", at_least(1), count, read_only,
     later, "Samples that the throttle of moves between directories is measured over."},
    {"controller.quota.window.num", int32, "11", at_least(1), count, read_only, later,
     "Samples that the controller mutation quota is measured over."},
    {"quota.window.size.seconds", int32, "1", at_least(1), seconds, read_only, later,
     "Length of a sample of client quotas."},
    {"replication.quota.window.size.seconds", int32, "1", at_least(1), seconds, read_only, later,
     "Length of a sample of replication throttles."},
    {"alter.log.dirs.replication.quota.window.size.seconds", int32, "1", at_least(1), seconds,
     read_only, later, "Length of a sample of the throttle of moves between directories."},
    {"controller.quota.window.size.seconds", int32, "1", at_least(1), seconds, read_only, later,
     "Length of a sample of the controller mutation quota."},
    {"client.quota.callback.class", class_name, kNull, any(), none, read_only, later,
     "Plug-in that decides client quotas."},
    {"leader.replication.throttled.rate", int64, "9223372036854775807", at_least(0),
     bytes_per_second, cluster_wide, later,
     "Bytes a second that this broker sends for throttled replicas."},
    {"follower.replication.throttled.rate", int64, "9223372036854775807", at_least(0),
     bytes_per_second, cluster_wide, later,
     "Bytes a second that this broker fetches for throttled replicas."},
    {"replica.alter.log.dirs.io.max.bytes.per.second", int64, "9223372036854775807", at_least(0),
     bytes_per_second, cluster_wide, later,
     "Bytes a second for moving replicas between directories."},
};

}  // namespace

std::span<const Key> quotas_keys() {
    return kQuotasKeys;
}

}  // namespace hw::config
