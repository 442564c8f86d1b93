#pragma once

#include "controller/operation.h"
#include "protocol/schema/api/broker_registration.h"

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

}  // namespace hw::controller
