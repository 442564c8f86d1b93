#pragma once

#include <cstddef>

#include "controller/ops/operation.h"
#include "protocol/schema/api/broker_heartbeat.h"
#include "protocol/schema/api/broker_registration.h"
#include "protocol/schema/api/controller_registration.h"

namespace hw::controller {

/// Maximum number of log directories that a broker may name: more than any needs.
inline constexpr std::size_t kMaxDirectories = 1000;

/// Registers a broker (KIP-631). A new broker is fenced; its epoch is the offset of its
/// registration record. If the same incarnation registers again, the registration is updated, and
/// its epoch, fencing and controlled shutdown are kept.
///
/// Another incarnation replaces the registered one at once if they have a log directory in common,
/// because the directory's lock file proves that the old process is gone. Otherwise it is refused
/// until the session of the old incarnation has expired. The leaderships of the old incarnation are
/// moved away first.
///
/// Errors: INCONSISTENT_CLUSTER_ID, INVALID_REGISTRATION (broker id, number of brokers,
/// directories, listeners), UNSUPPORTED_VERSION (a finalized feature), BROKER_ID_NOT_REGISTERED (a
/// broker that migrates from ZooKeeper), DUPLICATE_BROKER_REGISTRATION.
[[nodiscard]] Outcome<BrokerRegistrationResult> register_broker(
    const schema::BrokerRegistrationRequest& request, const OperationContext& context);

/// Registers the listeners and features of a controller (KIP-919). Errors: UNSUPPORTED_VERSION if
/// metadata.version is too low for this record.
[[nodiscard]] Outcome<ControllerRegistrationResult> register_controller(
    const schema::ControllerRegistrationRequest& request, const OperationContext& context);

/// Handles a heartbeat: unfences, fences or shuts down the broker as it asks (KIP-631, KIP-841).
///
/// A fenced broker is unfenced unless it asks to stay fenced, once it has applied its own
/// registration. A broker that asks to shut down loses its leaderships, and may stop when the
/// remaining brokers have applied that change. It may stop at once if it leads no partition, is
/// fenced, or asks to be fenced as well.
///
/// If the broker reports directories that have failed, their replicas leave the ISRs and do not
/// lead (KIP-858); what else it asks for is left to its next heartbeat. A broker whose directories
/// have all failed is fenced. Errors: STALE_BROKER_EPOCH, INVALID_REQUEST (too many directories).
[[nodiscard]] Outcome<BrokerHeartbeatResult> broker_heartbeat(
    const schema::BrokerHeartbeatRequest& request, const OperationContext& context);

/// Adds the records that fence a broker. First it leaves the ISRs and its partitions get other
/// leaders or none, then it is fenced.
void add_fence(RecordBatch& records, const OperationContext& context, const BrokerImage& broker);

/// Adds the records that unfence a broker. First it is unfenced, then it becomes the leader of the
/// partitions without a leader that it may lead.
void add_unfence(RecordBatch& records, const OperationContext& context, const BrokerImage& broker);

}  // namespace hw::controller
