#pragma once

#include "broker/net/dispatcher.h"
#include "protocol/schema/api/find_coordinator.h"

namespace hw::broker {

/// Handles FindCoordinator: the coordinator of a group, a transactional id or a share partition.
/// There are no coordinators yet: every key gets COORDINATOR_NOT_AVAILABLE, after which clients ask
/// again.
class FindCoordinatorHandler final : public MessageHandler<schema::FindCoordinatorRequest> {
protected:
    [[nodiscard]] Task<> serve(ExchangePtr exchange,
                               const schema::FindCoordinatorRequest& request) override;
};

}  // namespace hw::broker
