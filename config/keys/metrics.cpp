#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kMetricsKeys[] = {
    {"metrics.num.samples", int32, "2", at_least(1), count, read_only, later,
     "Samples that a metric is computed over."},
    {"metrics.sample.window.ms", int64, "30000", at_least(1), milliseconds, read_only, later,
     "Length of a sample of a metric."},
    {"metric.reporters", list, "org.apache.kafka.common.metrics.JmxReporter", any(), none,
     cluster_wide, later, "Plug-ins that export metrics."},
    {"auto.include.jmx.reporter", boolean, "true", any(), none, read_only, later,
     "Whether metrics are exported over JMX; Highwater has no JMX."},
    {"metrics.recording.level", string, "INFO", one_of("INFO,DEBUG,TRACE"), none, read_only, later,
     "How detailed metrics are: INFO, DEBUG or TRACE."},
    {"kafka.metrics.reporters", list, "", any(), none, read_only, later,
     "Plug-ins that export metrics of Kafka's older kind."},
    {"kafka.metrics.polling.interval.secs", int32, "10", at_least(1), seconds, read_only, later,
     "How often metrics of Kafka's older kind are exported."},
    {"telemetry.max.bytes", int32, "1048576", at_least(1), bytes, read_only, later,
     "Largest push of metrics that a client may send."},
};

}  // namespace

std::span<const Key> metrics_keys() {
    return kMetricsKeys;
}

}  // namespace hw::config
