#include "controller/ops/register_controller.h"

#include "controller/ops/registration.h"

namespace hw::controller {

using wire::ErrorCode;

Outcome<ControllerRegistrationResult> register_controller(
    const schema::ControllerRegistrationRequest& request, const OperationContext& context) {
    Outcome<ControllerRegistrationResult> outcome;
    if (!context.version().has_controller_registration()) {
        outcome.response.verdict =
            refuse(ErrorCode::unsupported_version,
                   "controllers are registered from metadata.version 15 on, this cluster is at {}",
                   context.version().level())
                .error();
        return outcome;
    }
    using Record = schema::RegisterControllerRecord;
    RecordBatch& records = outcome.records;
    records.add(Record{.controller_id = request.controller_id,
                       .incarnation_id = request.incarnation_id,
                       .zk_migration_ready = false,
                       .end_points = recorded_endpoints<Record>(records, request.listeners),
                       .features = recorded_features<Record>(records, request.features)},
                ApiVersion(0));
    return outcome;
}

}  // namespace hw::controller
