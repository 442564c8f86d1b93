#pragma once

#include <span>

#include "config/keys/key.h"

/// The rows of the table, one function and one file per subject; key_table.h assembles them.
namespace hw::config {

/// Roles, id, sessions and switches of the whole process.
[[nodiscard]] std::span<const Key> node_keys();
/// Listeners, sockets and limits of connections and requests.
[[nodiscard]] std::span<const Key> network_keys();
/// Followers, leaders and the traffic between brokers.
[[nodiscard]] std::span<const Key> replication_keys();
/// The controller quorum and its metadata log.
[[nodiscard]] std::span<const Key> quorum_keys();
/// A partition's files, and the broker-wide defaults of topics.
[[nodiscard]] std::span<const Key> log_keys();
/// Compaction.
[[nodiscard]] std::span<const Key> cleaner_keys();
/// Classic and consumer groups, and their offsets.
[[nodiscard]] std::span<const Key> groups_keys();
/// Streams groups.
[[nodiscard]] std::span<const Key> streams_keys();
/// Share groups and their coordinator.
[[nodiscard]] std::span<const Key> share_keys();
/// Transactions and producer ids.
[[nodiscard]] std::span<const Key> transactions_keys();
/// Measurement of quotas, and throttles of replication.
[[nodiscard]] std::span<const Key> quotas_keys();
/// Quotas of a user, a client id or an address; set on those, never in a file.
[[nodiscard]] std::span<const Key> quota_entities_keys();
/// TLS.
[[nodiscard]] std::span<const Key> tls_keys();
/// Authentication, authorization and delegation tokens.
[[nodiscard]] std::span<const Key> sasl_keys();
/// Metrics, and telemetry of clients.
[[nodiscard]] std::span<const Key> metrics_keys();
/// Tiered storage.
[[nodiscard]] std::span<const Key> remote_keys();
/// Keys that only Highwater has.
[[nodiscard]] std::span<const Key> highwater_keys();
/// Settings of one topic.
[[nodiscard]] std::span<const Key> topic_keys();
/// Settings of one group.
[[nodiscard]] std::span<const Key> group_keys();
/// Settings of one subscription to metrics of clients.
[[nodiscard]] std::span<const Key> client_metrics_keys();

}  // namespace hw::config
