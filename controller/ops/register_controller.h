#pragma once

#include "controller/operation.h"
#include "protocol/schema/api/controller_registration.h"

namespace hw::controller {

/// A controller tells its listeners and features (KIP-919). Errors: UNSUPPORTED_VERSION while
/// metadata.version has no such record.
[[nodiscard]] Outcome<ControllerRegistrationResult> register_controller(
    const schema::ControllerRegistrationRequest& request, const OperationContext& context);

}  // namespace hw::controller
