#include "config/keys/keys.h"

namespace hw::config {
namespace {

using enum Type;
using enum Unit;
using enum Update;
using enum Use;

constexpr Key kQuotaEntitiesKeys[] = {
    {"producer_byte_rate", int64, "9223372036854775807", any(), bytes_per_second, cluster_wide,
     later, "Bytes a second that a user or client may produce on one broker."},
    {"consumer_byte_rate", int64, "9223372036854775807", any(), bytes_per_second, cluster_wide,
     later, "Bytes a second that a user or client may fetch from one broker."},
    {"request_percentage", float64, "1.7976931348623157E308", any(), percent, cluster_wide, later,
     "Share of a thread's time that a user or client may use on one broker."},
    {"controller_mutation_rate", float64, "1.7976931348623157E308", any(), per_second, cluster_wide,
     later, "Partitions a second that a user or client may create or delete."},
    {"connection_creation_rate", int32, "2147483647", at_least(0), per_second, cluster_wide, later,
     "Connections a second that one address may open."},
};

}  // namespace

std::span<const Key> quota_entities_keys() {
    return kQuotaEntitiesKeys;
}

}  // namespace hw::config
