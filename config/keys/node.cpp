#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kNodeKeys[] = {
    {"process.roles", list, "broker,controller", one_of("broker,controller"), none, read_only,
     in_use, "What this process is: broker, controller, or both."},
    {"node.id", int32, kNull, at_least(0), none, read_only, in_use,
     "Number of this node, unique in the cluster, the same in all its roles."},
    {"broker.id", int32, "-1", at_least(-1), none, read_only, in_use,
     "Old name of node.id; where both are set they must be equal."},
    {"broker.rack", string, kNull, any(), none, read_only, in_use,
     "Rack or zone of this broker, for spreading replicas."},
    {"initial.broker.registration.timeout.ms", int32, "60000", any(), milliseconds, read_only,
     later, "How long a starting broker tries to register before it gives up."},
    {"broker.heartbeat.interval.ms", int32, "500", at_least(1), milliseconds, read_only, in_use,
     "How often a broker sends a heartbeat to the controller."},
    {"broker.session.timeout.ms", int32, "3000", at_least(1), milliseconds, read_only, in_use,
     "How long a broker may be silent before the controller fences it."},
    {"controlled.shutdown.enable", boolean, "true", any(), none, read_only, later,
     "Whether leaders move away before this broker stops."},
    {"controller.performance.sample.period.ms", int64, "60000", at_least(100), milliseconds,
     read_only, later, "How often the controller reports its slowest operations."},
    {"controller.performance.always.log.threshold.ms", int64, "2000", at_least(0), milliseconds,
     read_only, later, "A controller operation slower than this is always logged."},
    {"server.max.startup.time.ms", int64, "9223372036854775807", at_least(0), milliseconds,
     read_only, later, "How long the start may take before the process gives up."},
    {"num.io.threads", int32, "8", at_least(1), count, cluster_wide, automatic,
     "Threads that handle requests; Highwater takes as many as the machine has cores, up to 4."},
    {"background.threads", int32, "10", at_least(1), count, cluster_wide, automatic,
     "Threads for housekeeping; Highwater starts what the disks need."},
    {"request.timeout.ms", int32, "30000", any(), milliseconds, read_only, later,
     "How long this node waits for the answer of another node."},
    {"config.providers", list, "", any(), none, cluster_wide, later,
     "Names of plug-ins that look up values outside this file."},
    {"unstable.api.versions.enable", boolean, "false", any(), none, read_only, later,
     "Whether API versions still under development are offered."},
    {"unstable.feature.versions.enable", boolean, "false", any(), none, read_only, later,
     "Whether feature levels still under development may be chosen."},
    {"create.topic.policy.class.name", class_name, kNull, any(), none, read_only, later,
     "Plug-in that may refuse the creation of a topic."},
    {"alter.config.policy.class.name", class_name, kNull, any(), none, read_only, later,
     "Plug-in that may refuse a change of configuration."},
    {"delete.topic.enable", boolean, "true", any(), none, read_only, in_use,
     "Whether topics may be deleted at all."},
    {"auto.create.topics.enable", boolean, "true", any(), none, read_only, in_use,
     "Whether asking for an unknown topic creates it."},
};

}  // namespace

std::span<const Key> node_keys() {
    return kNodeKeys;
}

}  // namespace hw::config
