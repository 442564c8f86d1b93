#pragma once

#include "controller/ops/operation.h"
#include "protocol/schema/api/broker_heartbeat.h"
#include "protocol/schema/api/broker_registration.h"
#include "protocol/schema/api/controller_registration.h"

namespace hw::controller {

/// A broker joins, fenced; its epoch is the offset of its registration record. The same
/// incarnation again amends its registration and keeps its epoch and standing.
///
/// Another incarnation replaces the one that is registered, at once if they have a log directory
/// in common: its lock file proves that the old process is gone. With none in common it is refused
/// while the old session lives. What the old incarnation led moves away before.
///
/// Errors: INCONSISTENT_CLUSTER_ID, INVALID_REGISTRATION (directories, listeners),
/// UNSUPPORTED_VERSION (a finalized feature), DUPLICATE_BROKER_REGISTRATION.
[[nodiscard]] Outcome<BrokerRegistrationResult> register_broker(
    const schema::BrokerRegistrationRequest& request, const OperationContext& context);

/// A controller tells its listeners and features (KIP-919). Errors: UNSUPPORTED_VERSION while
/// metadata.version has no such record.
[[nodiscard]] Outcome<ControllerRegistrationResult> register_controller(
    const schema::ControllerRegistrationRequest& request, const OperationContext& context);

/// A broker is alive, and wishes to be in service, fenced or stopped (KIP-631, KIP-841).
///
/// A fenced broker is unfenced when it wishes so and has applied its own registration. One that
/// wishes to stop loses its leaderships, and may go when the brokers that stay have applied that;
/// at once if it leads nothing or is fenced. Errors: STALE_BROKER_EPOCH.
[[nodiscard]] Outcome<BrokerHeartbeatResult> broker_heartbeat(
    const schema::BrokerHeartbeatRequest& request, const OperationContext& context);

/// Adds what takes a registered broker out of service: its partitions get other leaders or none,
/// then it is fenced.
void add_fence(RecordBatch& records, const MetadataImage& image, const BrokerImage& broker);

/// Adds what puts it back into service: it is unfenced, then partitions without a leader that it
/// may lead are given to it.
void add_unfence(RecordBatch& records, const MetadataImage& image, const BrokerImage& broker);

}  // namespace hw::controller
