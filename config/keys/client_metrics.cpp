#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kClientMetricsKeys[] = {
    {"metrics", list, "", any(), none, cluster_wide, later,
     "Prefixes of the metric names to send; empty means none, * means all."},
    {"interval.ms", int32, "300000", between(100, 3600000), milliseconds, cluster_wide, later,
     "How often clients send their metrics."},
    {"match", list, "", any(), none, cluster_wide, later,
     "Which clients send metrics, NAME=PATTERN each."},
};

}  // namespace

std::span<const Key> client_metrics_keys() {
    return kClientMetricsKeys;
}

}  // namespace hw::config
