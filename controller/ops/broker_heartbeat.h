#pragma once

#include "controller/operation.h"
#include "protocol/schema/api/broker_heartbeat.h"

namespace hw::controller {

/// A broker is alive, and wishes to be in service, fenced or stopped (KIP-631, KIP-841).
///
/// A fenced broker is unfenced when it wishes so and has applied its own registration. One that
/// wishes to stop loses its leaderships, and may go when the brokers that stay have applied that;
/// at once if it leads nothing or is fenced. Errors: STALE_BROKER_EPOCH.
[[nodiscard]] Outcome<BrokerHeartbeatResult> broker_heartbeat(
    const schema::BrokerHeartbeatRequest& request, const OperationContext& context);

}  // namespace hw::controller
